"""Signing in, staying signed in, agreeing: on a real table, against a WeChat that is a value."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from puhui.members import api, usecases
from puhui.members.errors import (
    ConsentRequired,
    MemberNotFound,
    NicknameRefused,
    RefreshInvalid,
    RefreshReused,
)
from puhui.members.model import Member
from puhui.members.repository import Members
from puhui.members.tokens import Issuer
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.limits import Limits
from puhui.store.sealing import Sealer
from puhui.wechat.api import Session, SessionStale, Suggestion, TextVerdict
from tests.unit.members.test_tokens_and_seals import VERIFIER, pem

NOW = datetime.now(UTC)
TABLES: dict[str, str] = {}  # of counters, by the members' table
ISSUER = Issuer("puhui", "k1", pem())


class WeChat:
    """The port: every code is its own person's; nicknames with 'bad' are risky."""

    app_id = "wx0000000000000000"

    def code2session(self, code: str) -> Session:
        return Session(f"openid-{code}", f"key-{code}")

    def msg_sec_check(self, content: str, *_: object, **__: object) -> TextVerdict:
        return TextVerdict(Suggestion.RISKY if "bad" in content else Suggestion.PASS, 100, "t")


@pytest.fixture
def members(make_table: Callable[[str], str]) -> Members:
    made = Members(DynamoDB(), make_table("members"), Sealer(b"k" * 32, b"p" * 32))
    TABLES[made.table] = make_table("limits")
    return made


def sign_in(members: Members, code: str = "c", now: datetime = NOW) -> usecases.SignedIn:
    return usecases.sign_in(
        code,
        "203.0.113.7",
        members=members,
        wechat=WeChat(),  # type: ignore[arg-type]
        issuer=ISSUER,
        limits=limits_of(members),
        now=now,
    )


def limits_of(members: Members) -> Limits:
    """The counters beside the members' table."""
    return Limits(members.dynamodb, TABLES[members.table])


def rename(members: Members, member_id: str, nickname: str) -> Member:
    return usecases.update_me(
        member_id,
        nickname,
        members=members,
        wechat=WeChat(),  # type: ignore[arg-type]
        limits=limits_of(members),
        now=NOW,
    )


def refresh(members: Members, token: str, now: datetime = NOW) -> usecases.SignedIn:
    return usecases.refresh(token, members=members, issuer=ISSUER, now=now)


def test_who_comes_back_is_the_same_member(members: Members):
    first, again, other = sign_in(members), sign_in(members), sign_in(members, "d")
    assert first.member.id == again.member.id != other.member.id
    assert VERIFIER.claims(again.access_token)["sub"] == first.member.id


def test_eight_first_sign_ins_at_once_end_in_one_member(members: Members):
    with ThreadPoolExecutor(8) as pool:
        ids = {signed_in.member.id for signed_in in pool.map(lambda _: sign_in(members), range(8))}
    assert len(ids) == 1


def test_what_identifies_a_person_is_sealed_at_rest(members: Members):
    signed_in = sign_in(members)
    item = members.dynamodb.get(members.table, {"owner": f"member:{signed_in.member.id}", "entry": "member"})
    assert "openid-c" not in repr(item)
    assert "key-c" not in repr(item)
    assert "openid-c" not in repr(signed_in)
    assert signed_in.refresh_token not in repr(signed_in)
    assert api.openid_of(signed_in.member.id, members=members) == "openid-c"


def test_a_refresh_token_is_good_once_and_a_spent_one_ends_the_family(members: Members):
    first = sign_in(members)
    second = refresh(members, first.refresh_token)
    assert second.member.id == first.member.id
    with pytest.raises(RefreshReused):
        refresh(members, first.refresh_token)
    with pytest.raises(RefreshInvalid):
        refresh(members, second.refresh_token)


def test_of_two_refreshes_at_once_one_wins(members: Members):
    token = sign_in(members).refresh_token

    def attempt(_: int) -> str:
        try:
            refresh(members, token)
        except (RefreshReused, RefreshInvalid) as error:
            return error.code
        return "won"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))).count("won") == 1


def test_a_made_up_token_with_a_known_family_ends_nothing(members: Members):
    first = sign_in(members)
    family_id = first.refresh_token.partition(".")[0]
    others = sign_in(members, "another").refresh_token
    for made_up in (f"{family_id}.guess", f"{family_id}.{'A' * 43}.{'A' * 20}", family_id + others[26:]):
        with pytest.raises(RefreshInvalid):
            refresh(members, made_up)
    assert refresh(members, first.refresh_token).member.id == first.member.id


def test_a_refresh_whose_answer_got_lost_on_the_way_to_the_table_is_no_theft(members: Members):
    first = sign_in(members)

    def twice(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        if operation == "UpdateItem":
            aws.call(service, operation, payload)
        return aws.call(service, operation, payload)

    shaky = Members(DynamoDB(twice), members.table, members.sealer)
    second = refresh(shaky, first.refresh_token)
    assert refresh(members, second.refresh_token).member.id == first.member.id


@pytest.mark.parametrize("token", ["", "x", "0" * 26 + ".abc", "0" * 300])
def test_a_made_up_refresh_token_is_refused(members: Members, token: str):
    with pytest.raises(RefreshInvalid):
        refresh(members, token)


def test_a_sign_in_ends_after_thirty_days_and_by_signing_out(members: Members):
    late = sign_in(members)
    with pytest.raises(RefreshInvalid):
        refresh(members, late.refresh_token, NOW + timedelta(days=31))
    ended = sign_in(members)
    members.sign_ins.end(VERIFIER.claims(ended.access_token)["sid"])
    with pytest.raises(RefreshInvalid):
        refresh(members, ended.refresh_token)


def test_a_change_of_roles_shows_with_the_next_token(members: Members):
    signed_in = sign_in(members)
    members.set_roles(signed_in.member.id, ("member", "verifier"), "")
    claims = VERIFIER.claims(refresh(members, signed_in.refresh_token).access_token)
    assert claims["roles"] == ["member", "verifier"]
    with pytest.raises(MemberNotFound):
        members.set_roles("0" * 26, ("verifier",), "")


def test_consent_is_asked_before_and_can_be_withdrawn(members: Members):
    member_id = sign_in(members).member.id
    with pytest.raises(ConsentRequired):
        api.require_consent(member_id, "photos", NOW, members=members)
    usecases.put_consent(member_id, "photos", "2026-11", granted=True, members=members, now=NOW)
    api.require_consent(member_id, "photos", NOW, members=members)
    usecases.put_consent(member_id, "photos", "2026-11", granted=False, members=members, now=NOW)
    with pytest.raises(ConsentRequired):
        api.require_consent(member_id, "photos", NOW, members=members)
    with pytest.raises(ConsentRequired):
        api.read_steps(member_id, "x", "y", NOW, members=members)


def test_steps_that_the_session_key_does_not_open_ask_for_a_new_login(
    members: Members, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WECHAT_APP_ID", "wx0000000000000000")
    member_id = sign_in(members).member.id
    usecases.put_consent(member_id, "steps", "2026-11", granted=True, members=members, now=NOW)
    with pytest.raises(SessionStale):
        api.read_steps(member_id, "A" * 64, "AAAAAAAAAAAAAAAAAAAAAA==", NOW, members=members)


def test_a_nickname_passes_the_platforms_check_or_is_not_kept(members: Members):
    member_id = sign_in(members).member.id
    with pytest.raises(ConsentRequired):
        rename(members, member_id, "小普")
    usecases.put_consent(member_id, "profile", "2026-11", granted=True, members=members, now=NOW)
    renamed = rename(members, member_id, "小普")
    assert renamed.nickname == "小普"
    with pytest.raises(NicknameRefused):
        rename(members, member_id, "bad")
    assert members.find(member_id).nickname == "小普"
