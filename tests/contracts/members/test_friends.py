"""Friends by code: mutual, limited, ended by either; on a real table."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from puhui.members import api, friends, friendships
from puhui.members.codes import FRIEND, HOUSEHOLD, LIFE, Codes
from puhui.members.errors import (
    FriendNotFound,
    InvitationExpired,
    InvitationInvalid,
    OwnInvitation,
    TooManyFriends,
)
from puhui.members.model import Member
from puhui.members.repository import Members
from puhui.store.client import DynamoDB
from puhui.store.cursors import Cursors
from puhui.store.sealing import Sealer
from puhui.store.session import Session

pytestmark = pytest.mark.usefixtures("engine")  # on every engine there is

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CODES, CURSORS = Codes(b"k" * 32), Cursors(b"c" * 32)
ANNA, BORA, CHEN, DANA = ("A" * 26, "B" * 26, "C" * 26, "D" * 26)


@pytest.fixture
def members(make_table: Callable[[str], str]) -> Members:
    made = Members(DynamoDB(), make_table("members"), Sealer(b"k" * 32, b"p" * 32))
    for member_id in (ANNA, BORA, CHEN, DANA):
        session = Session(made.dynamodb)
        made.add(session, Member(member_id, f"name of {member_id[0]}", ("member",), NOW), member_id)
        session.commit()
    return made


def befriend(members: Members, who: str, other: str, now: datetime = NOW, code: str = "") -> friends.Friend:
    code = code or CODES.write(FRIEND, other, now)
    return friends.befriend(who, code, members=members, codes=CODES, now=now)


def listed(members: Members, who: str, limit: int = 20) -> list[friends.Friend]:
    found, cursor = [], None
    while True:
        page = friends.friends_of(who, limit, cursor, members=members, cursors=CURSORS)
        assert len(page.items) <= limit
        found += page.items
        if (cursor := page.cursor) is None:
            return found


def counted(members: Members, who: str) -> int:
    item = members.dynamodb.get(members.table, {"owner": f"member:{who}", "entry": "member"})
    assert item is not None
    return int(item.get("friends", 0))


def test_a_code_makes_both_friends(members: Members):
    assert befriend(members, ANNA, BORA) == friends.Friend(BORA, "name of B", NOW)
    assert [friend.nickname for friend in listed(members, ANNA)] == ["name of B"]
    assert [friend.id for friend in listed(members, BORA)] == [ANNA]
    api.require_friends(ANNA, BORA, members=members)
    api.require_friends(BORA, ANNA, members=members)
    with pytest.raises(FriendNotFound):
        api.require_friends(ANNA, CHEN, members=members)


def test_becoming_friends_again_changes_nothing_from_either_side(members: Members):
    first = befriend(members, ANNA, BORA)
    later = NOW + timedelta(hours=1)
    assert befriend(members, ANNA, BORA, later) == first
    assert befriend(members, BORA, ANNA, later).since == NOW
    assert (counted(members, ANNA), counted(members, BORA)) == (1, 1)


def test_two_who_invite_each_other_at_once_are_friends_once(members: Members):
    pairs = [(ANNA, BORA), (BORA, ANNA)] * 3
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pair: befriend(members, *pair), pairs))
    assert (counted(members, ANNA), counted(members, BORA)) == (1, 1)
    assert len(listed(members, ANNA)) == len(listed(members, BORA)) == 1


def test_either_ends_it_for_both_once(members: Members):
    befriend(members, ANNA, BORA)
    for _ in range(2):
        friends.remove(BORA, ANNA, members=members, now=NOW)
    assert listed(members, ANNA) == listed(members, BORA) == []
    assert (counted(members, ANNA), counted(members, BORA)) == (0, 0)


def test_an_old_code_brings_nobody_back_who_was_removed(members: Members):
    code = CODES.write(FRIEND, ANNA, NOW)
    befriend(members, BORA, ANNA, code=code)
    later = NOW + timedelta(hours=1)
    friends.remove(ANNA, BORA, members=members, now=later)
    with pytest.raises(InvitationInvalid):
        befriend(members, BORA, ANNA, later, code)
    assert befriend(members, CHEN, ANNA, later, code).id == ANNA
    fresh = later + timedelta(minutes=1)
    assert befriend(members, BORA, ANNA, fresh).id == ANNA


def test_there_is_a_limit_that_races_do_not_pass(members: Members, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(friendships, "FRIENDS_MAX", 2)

    def come(who: str) -> bool:
        try:
            befriend(members, who, ANNA)
        except TooManyFriends:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(come, (BORA, CHEN, DANA))) == [False, True, True]
    assert counted(members, ANNA) == 2


def test_the_list_shows_every_friend_once_page_by_page(members: Members):
    for other in (BORA, CHEN, DANA):
        befriend(members, ANNA, other)
    assert [friend.id for friend in listed(members, ANNA, 2)] == [BORA, CHEN, DANA]


def test_nobody_is_ones_own_friend(members: Members):
    with pytest.raises(OwnInvitation):
        befriend(members, ANNA, ANNA)


def test_a_code_is_for_one_purpose_unchanged_and_not_for_ever():
    code = CODES.write(FRIEND, ANNA, NOW)
    assert CODES.read(FRIEND, code, NOW + LIFE - timedelta(seconds=1)).member_id == ANNA
    with pytest.raises(InvitationExpired):
        CODES.read(FRIEND, code, NOW + LIFE)
    changed = [BORA + code[26:], code[:26] + "ffffffff" + code[34:], code[:-1], code + "A", ""]
    for other in [*changed, Codes(b"x" * 32).write(FRIEND, ANNA, NOW)]:
        with pytest.raises(InvitationInvalid):
            CODES.read(FRIEND, other, NOW)
    with pytest.raises(InvitationInvalid):
        CODES.read(HOUSEHOLD, code, NOW)
