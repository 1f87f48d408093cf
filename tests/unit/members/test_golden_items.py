"""Every stored item of the members, as a file: a field that is renamed or swapped is noticed."""

from datetime import UTC, datetime

import pytest

from puhui.members.friendships import FriendshipRepository
from puhui.members.guardianships import GUARDIANSHIP, Guardianship, GuardianshipRepository
from puhui.members.minor_counters import DECLARED, GUARDED, MinorCounters
from puhui.members.model import Consent, Member
from puhui.members.repository import CONSENT, MEMBER
from puhui.members.sign_ins import FAMILY, Family
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from tests.support import golden

AGREED = Consent(
    "steps",
    granted=True,
    version="2026-11",
    at=datetime(2026, 11, 2, 4, 30, tzinfo=UTC),
    since=datetime(2026, 10, 2, 4, 30, tzinfo=UTC),
    by="G" * 26,
)
REFUSED = Consent("photos", granted=False, version="2026-10", at=datetime(2026, 11, 3, 4, 30, tzinfo=UTC))
IN_CHARGE = Guardianship("A" * 26, "G" * 26, AGREED.at, "2026-12", "ab12")
MEMBERS = Member(
    id="A" * 26,
    nickname="小林",
    roles=("member", "operator"),
    created_at=datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
    org="org-1",
    sealed_openid=b"openid",
    sealed_session_key=b"session key",
    consents={"steps": AGREED, "photos": REFUSED},
    birth_year=2014,
    guardians=("G" * 26,),
    closed=True,
)
SHAPES = {
    "member": (MEMBER, MEMBERS),
    "consent": (CONSENT, AGREED),
    "guardianship": (GUARDIANSHIP, IN_CHARGE),
    "family": (FAMILY, Family("01F", "A" * 26, "ab01", 1_795_000_000)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_item_is_stored_as_its_golden_file_says(name: str):
    record, value = SHAPES[name]
    golden.check("members", name, record, value)


def test_a_friendship_is_written_as_its_golden_file_says():
    dynamodb = DynamoDB()
    session, friendships = Session(dynamodb), FriendshipRepository(dynamodb, "members")
    friendships.add(session, "A" * 26, "B" * 26, AGREED.at)
    friendships.remove(session, "A" * 26, "B" * 26, AGREED.at, REFUSED.at)
    golden.check_wire("members", "friendship", {"actions": list(session.actions)})


def test_a_ward_and_the_counters_of_minors_are_written_as_their_golden_file_says():
    dynamodb = DynamoDB()
    session, counters = Session(dynamodb), MinorCounters(dynamodb, "members")
    GuardianshipRepository(dynamodb, "members").add(session, IN_CHARGE)
    counters.move(session, "A" * 26, {(2014, DECLARED): 1, (2014, GUARDED): 2})
    counters.count(session, "A" * 26, AGREED.at, {"granted steps": 1})
    golden.check_wire("members", "minors", {"actions": list(session.actions)})
