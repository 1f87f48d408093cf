"""Nothing is captured before its member has agreed to it, purpose by purpose, and nothing after the consent was withdrawn."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud


def withdraw(member: Member, purpose: str) -> None:
    body = {"granted": False, "version": "2026-12"}
    assert member.request("PUT", f"/me/consents/{purpose}", json=body).status_code == 200


def refused(answer: httpx.Response, code: str = "CONSENT_REQUIRED") -> bool:
    return (answer.status_code, answer.json()["code"]) == (403, code)


def announce(member: Member) -> httpx.Response:
    body = {"content_type": "image/jpeg", "size": 1_000, "sha256": "0" * 64}
    return member.request("POST", "/evidence", json=body)


def walked(member: Member, days: range) -> dict[str, Any]:
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    own = 8_000 + sum(map(ord, member.openid)) % 997  # nobody walks as another does
    steps = [{"date": (today - timedelta(days=n)).isoformat(), "step": own + 11 * n} for n in days]
    return demo.control(member.api, "werun", openid=member.openid, steps=steps)


def sync(member: Member, data: dict[str, Any], **more: Any) -> httpx.Response:
    return member.request("POST", "/steps", json={"programme_id": "carbon-88", **data, **more})


def test_a_photo_is_taken_only_while_its_member_agrees(api: httpx.Client):
    me = Member(api)
    assert refused(announce(me))
    me.consent("photos")
    evidence_id = me.upload(demo.photo(time.time_ns()))
    withdraw(me, "photos")
    assert refused(announce(me))
    act = me.record("lights_off", {"times": 1}, evidence_ids=[evidence_id])
    assert refused(act)  # it was sent before, and is not used any more
    me.consent("photos")
    again = me.record("lights_off", {"times": 1}, evidence_ids=[evidence_id])
    assert again.status_code == 202, again.text


def test_a_members_own_word_needs_no_consent(api: httpx.Client):
    answer = Member(api).record("no_tableware", {"orders": 1})
    assert answer.status_code == 201, answer.text


def test_a_track_is_taken_only_while_its_member_agrees(api: httpx.Client):
    me = Member(api)
    gpx = {"gpx": "<gpx/>"}
    assert refused(me.request("POST", "/tracks", json=gpx))
    me.consent("whereabouts")
    assert not refused(me.request("POST", "/tracks", json=gpx))
    withdraw(me, "whereabouts")
    assert refused(me.request("POST", "/tracks", json=gpx))


def test_steps_from_before_the_consent_are_looked_at_only_on_purpose(api: httpx.Client):
    me = Member(api)
    assert refused(sync(me, walked(me, range(5))))
    me.consent("steps")
    answer = sync(me, walked(me, range(5)))
    assert answer.status_code == 200, answer.text
    days = answer.json()["days"]
    today, *earlier = days
    assert len(earlier) == 30  # WeRun always gives as many
    assert today["steps"] >= 8_000
    assert {(each.get("reason_code"), each["steps"]) for each in earlier} == {("BEFORE_CONSENT", 0)}
    chosen = sync(me, walked(me, range(5)), include_earlier=True).json()["days"]
    assert not any(each.get("reason_code") == "BEFORE_CONSENT" for each in chosen)
    assert sum(each["points"] for each in chosen[1:]) > 0
    withdraw(me, "steps")
    assert refused(sync(me, walked(me, range(5)), include_earlier=True))


def test_a_nickname_is_kept_and_shown_only_while_its_member_agrees(api: httpx.Client):
    me, other = Member(api), Member(api)
    assert refused(me.request("PUT", "/me", json={"nickname": "小林"}))
    me.consent("profile")
    assert me.request("PUT", "/me", json={"nickname": "小林"}).status_code == 200
    me.befriend(other)
    assert [each["nickname"] for each in other.get("/me/friends")["items"]] == ["小林"]
    withdraw(me, "profile")
    assert [each["nickname"] for each in other.get("/me/friends")["items"]] == [""]


def test_a_partners_records_are_a_purpose_of_their_own(api: httpx.Client):
    me = Member(api)
    me.consent("partner:demo-metro")
    withdraw(me, "partner:demo-metro")
    [told] = [each for each in me.get("/me/consents")["items"] if each["purpose"] == "partner:demo-metro"]
    assert (told["granted"], "demo-metro" in told["title"]) == (False, True)
    for wrong in ("guardian", "partner:", "biometrics"):
        body = {"granted": True, "version": "2026-12"}
        assert me.request("PUT", f"/me/consents/{wrong}", json=body).status_code == 400
