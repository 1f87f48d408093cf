"""Minors: the year of birth, a guardian who agrees for a child, what is closed to both ages, and the yearly report."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from puhui.kernel.errors import DomainError
from puhui.members import api, friends, guardians, minors, minors_report, notice, usecases
from puhui.members.capture_api import standing_from
from puhui.members.codes import FRIEND, GUARDIAN, Codes
from puhui.members.erasing import erase_member
from puhui.members.errors import (
    BirthYearDeclared,
    BirthYearInvalid,
    ConsentRequired,
    GuardianDecides,
    GuardianNotAdult,
    GuardianRequired,
    InvitationInvalid,
    NotAChild,
    NotForMinors,
    NoticeChanged,
    OwnInvitation,
    TooManyWards,
    WardNotFound,
)
from puhui.members.model import Member
from puhui.members.repository import CONSENT, CONSENTS_KEPT, Members
from puhui.store.client import DynamoDB
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.sealing import Sealer
from puhui.store.session import Session

pytestmark = pytest.mark.usefixtures("engine")  # on every engine there is

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CODES = Codes(b"k" * 32)
CHILD, MOTHER, FATHER, FRIEND_OF_CHILD, UNCLE = ("A" * 26, "B" * 26, "C" * 26, "D" * 26, "E" * 26)
VERSION = notice.guardian_notice()["version"]
HASHES = {"2026-12": "d7c2f2d3a5892f1d16ccb84ac0ea2f39b00dd89197aabd667673df00bfbb6606"}
THIRTEEN, SIXTEEN, ADULT = 2013, 2010, 1988


class Family:
    """What tests do on behalf of a child and its guardians."""

    def __init__(self, members: Members) -> None:
        self.members = members
        self.now = NOW
        self.entrusted: list[tuple[str, bool]] = []

    def also(self, _session: Session, said: Any) -> None:
        if said.purpose == "pooling":
            self.entrusted.append((said.purpose, said.granted))

    def declare(self, who: str, year: int, guardian: str = "") -> Member:
        self.now += timedelta(seconds=1)
        return guardians.declare(
            who, year, members=self.members, now=self.now, also=self.also, guardian_id=guardian
        )

    def code(self, who: str = CHILD, purpose: str = GUARDIAN) -> str:
        return CODES.write(purpose, who, self.now)

    def link(
        self, who: str = MOTHER, *purposes: str, code: str = "", version: str = VERSION, child: str = CHILD
    ) -> Member:
        self.now += timedelta(seconds=1)
        return guardians.become_guardian(
            who,
            code or self.code(child),
            version,
            purposes,
            members=self.members,
            codes=CODES,
            now=self.now,
        )

    def unlink(self, who: str = MOTHER) -> None:
        guardians.end_guardianship(who, CHILD, members=self.members, now=self.now)

    def say(self, purpose: str, *, granted: bool = True, guardian: str = "", who: str = CHILD) -> None:
        self.now += timedelta(seconds=1)
        usecases.put_consent(
            who,
            purpose,
            "2026-12",
            granted=granted,
            members=self.members,
            now=self.now,
            also=self.also,
            guardian_id=guardian,
        )

    def may(self, purpose: str, who: str = CHILD) -> type[DomainError] | None:
        """What refuses the capture, if anything does."""
        try:
            api.require_consent(who, purpose, self.now, members=self.members)
        except DomainError as error:
            return type(error)
        return None

    def history(self, purpose: str) -> list[tuple[bool, str, str]]:
        items = self.members.dynamodb.all_entries(
            self.members.table, ("owner", f"member:{CHILD}"), f"C#{purpose}#"
        )
        return [(each.granted, each.version, each.by) for each in map(CONSENT.read, items)]

    def report(self, year: int = 2026) -> dict[str, Any]:
        return minors_report.report(year, members=self.members, now=self.now)

    def befriend(self, who: str, other: str) -> None:
        code = self.code(other, FRIEND)
        friends.befriend(who, code, members=self.members, codes=CODES, now=self.now)


@pytest.fixture
def family(make_table: Callable[[str], str]) -> Family:
    made = Members(DynamoDB(), make_table("members"), Sealer(b"k" * 32, b"p" * 32))
    for member_id in (CHILD, MOTHER, FATHER, FRIEND_OF_CHILD, UNCLE):
        session = Session(made.dynamodb)
        made.add(session, Member(member_id, f"name of {member_id[0]}", ("member",), NOW), member_id)
        session.commit()
    family = Family(made)
    for parent in (MOTHER, FATHER):
        family.declare(parent, ADULT)
    return family


def test_nothing_of_a_child_is_captured_until_a_guardian_has_agreed(family: Family):
    family.say("steps")
    assert family.may("steps") is None
    family.declare(CHILD, THIRTEEN)
    assert family.may("steps") is GuardianRequired
    assert family.may("photos") is GuardianRequired
    family.link(MOTHER, "steps")
    assert family.may("steps") is None
    assert family.may("photos") is ConsentRequired  # each purpose is agreed to by itself
    assert family.history("steps")[-1] == (True, VERSION, MOTHER)
    assert family.history("guardian") == [(True, VERSION, MOTHER)]


def test_what_a_child_agreed_to_alone_ends_with_the_declaration(family: Family):
    for purpose in ("steps", "pooling"):
        family.say(purpose)
    family.declare(CHILD, THIRTEEN)
    assert family.entrusted == [("pooling", True), ("pooling", False)]
    family.link(MOTHER)
    assert family.may("steps") is ConsentRequired
    assert [granted for granted, _, _ in family.history("steps")] == [True, False]


def test_a_child_may_withdraw_and_not_grant(family: Family):
    family.declare(CHILD, THIRTEEN)
    with pytest.raises(GuardianRequired):
        family.say("steps")
    family.link(MOTHER, "steps")
    with pytest.raises(GuardianDecides):
        family.say("photos")
    family.say("steps", granted=False)
    assert family.may("steps") is ConsentRequired
    family.say("steps", guardian=MOTHER)
    assert family.may("steps") is None
    for stranger in (FATHER, UNCLE):
        with pytest.raises(WardNotFound):
            family.say("photos", guardian=stranger)


def test_a_guardian_who_withdraws_stops_everything_unless_there_is_another(family: Family):
    family.declare(CHILD, THIRTEEN)
    family.link(MOTHER, "steps")
    family.link(FATHER, "photos")
    family.declare(UNCLE, ADULT)
    with pytest.raises(TooManyWards):
        family.link(UNCLE)
    family.unlink(MOTHER)
    assert (family.may("steps"), family.may("photos")) == (None, None)
    family.unlink(FATHER)
    assert (family.may("steps"), family.may("photos")) == (GuardianRequired, GuardianRequired)
    assert family.history("steps")[-1][0] is False
    with pytest.raises(WardNotFound):
        family.unlink(FATHER)
    family.link(FATHER)
    assert family.may("steps") is ConsentRequired  # it is agreed to anew


def test_both_sign_and_both_are_who_they_say(family: Family):
    with pytest.raises(NotAChild):
        family.link(MOTHER)
    family.declare(CHILD, THIRTEEN)
    with pytest.raises(GuardianNotAdult):
        family.link(UNCLE)  # declared nothing
    family.declare(UNCLE, SIXTEEN)
    with pytest.raises(GuardianNotAdult):
        family.link(UNCLE)
    with pytest.raises(NoticeChanged):
        family.link(MOTHER, version="2020-01")
    with pytest.raises(InvitationInvalid):
        family.link(MOTHER, code=family.code(purpose=FRIEND))
    with pytest.raises(OwnInvitation):
        family.link(CHILD)
    first = family.link(MOTHER, "steps")
    assert family.link(MOTHER, "photos") == first  # again changes nothing
    assert family.may("photos") is ConsentRequired
    found = family.members.guardianships.find(CHILD, MOTHER)
    assert found
    assert (found.version, found.notice_hash) == (VERSION, notice.guardian_notice()["hash"])


def test_a_guardian_has_ten_wards_at_most(family: Family):
    for number in range(11):
        child = f"{number:026}"
        session = Session(family.members.dynamodb)
        family.members.add(session, Member(child, "c", ("member",), NOW), child)
        session.commit()
        family.declare(child, THIRTEEN)
        if number < 10:
            family.link(MOTHER, child=child)
    with pytest.raises(TooManyWards):
        family.link(MOTHER, child=f"{10:026}")
    assert len(guardians.wards_of(MOTHER, NOW, members=family.members)) == 10


def test_a_child_does_not_grow_older_by_saying_so(family: Family):
    family.declare(CHILD, THIRTEEN)
    family.declare(CHILD, THIRTEEN)
    with pytest.raises(BirthYearDeclared):
        family.declare(CHILD, ADULT)
    family.declare(CHILD, THIRTEEN + 2)  # younger is always believed
    family.link(MOTHER)
    with pytest.raises(WardNotFound):
        family.declare(CHILD, SIXTEEN, guardian=FATHER)
    assert family.declare(CHILD, SIXTEEN, guardian=MOTHER).group(NOW) == minors.TEEN
    for year in (1850, 2027):
        with pytest.raises(BirthYearInvalid):
            family.declare(MOTHER, year)


def test_who_has_grown_up_needs_nobody(family: Family):
    family.declare(CHILD, 2012)
    family.link(MOTHER, "steps")
    assert [each.member.id for each in guardians.wards_of(MOTHER, family.now, members=family.members)] == [
        CHILD
    ]
    family.now += timedelta(days=60)  # 2027: the year of the fifteenth birthday
    assert guardians.wards_of(MOTHER, family.now, members=family.members) == []
    with pytest.raises(WardNotFound):
        family.say("photos", guardian=MOTHER)
    family.say("photos")
    assert (family.may("steps"), family.may("photos")) == (None, None)


def test_a_child_has_no_friends_from_the_moment_of_declaring(family: Family):
    family.befriend(CHILD, FRIEND_OF_CHILD)
    family.declare(CHILD, THIRTEEN)
    for who, other in ((CHILD, FRIEND_OF_CHILD), (FRIEND_OF_CHILD, CHILD)):
        with pytest.raises(DomainError):
            api.require_friends(who, other, members=family.members)
    family.now += timedelta(minutes=1)
    for who, other in ((CHILD, MOTHER), (MOTHER, CHILD)):
        with pytest.raises(NotForMinors):
            family.befriend(who, other)
    family.declare(UNCLE, SIXTEEN)
    family.befriend(UNCLE, MOTHER)  # from 14 on one may


def test_a_declaration_and_an_answer_at_the_same_time_are_told_apart(family: Family):
    """An answer that was given on what was read before is not overwritten."""
    stale = family.members.find(CHILD)
    family.say("steps")
    session = Session(family.members.dynamodb)
    guardians._change(session, stale, stale, family.members)
    with pytest.raises(OptimisticLockFailed):
        session.commit()


def test_the_view_says_what_is_closed(family: Family):
    shown = family.declare(CHILD, THIRTEEN).shown(NOW)
    assert shown["minor"] == {
        "group": "child",
        "closed": ["ranking_by_name", "invitations", "posts", "trade", "cash_out", "lottery"],
        "guarded": False,
    }
    assert family.declare(UNCLE, SIXTEEN).shown(NOW)["minor"]["closed"] == ["trade", "cash_out"]
    assert "minor" not in family.members.find(MOTHER).shown(NOW)
    assert "birth_year" not in family.members.find(FRIEND_OF_CHILD).shown(NOW)


def test_the_report_counts_what_was_done_with_minors_data(family: Family):
    assert family.report()["children"] == 0
    family.declare(CHILD, THIRTEEN)
    family.declare(UNCLE, SIXTEEN)
    family.link(MOTHER, "steps", "partner:demo-metro")
    family.link(FATHER)
    family.say("steps", granted=False)
    family.say("photos", who=UNCLE)
    family.say("photos", who=MOTHER)  # grown up: not counted
    told = family.report()
    assert (told["children"], told["children_guarded"], told["teens"]) == (1, 1, 1)
    assert (told["guardians_added"], told["guardians_ended"]) == (2, 0)
    assert told["consents"] == [
        {"purpose": "partner", "granted": 1, "withdrawn": 0},
        {"purpose": "photos", "granted": 1, "withdrawn": 0},
        {"purpose": "steps", "granted": 1, "withdrawn": 1},
    ]
    family.unlink(MOTHER)
    family.unlink(FATHER)
    told = family.report()
    assert (told["children_guarded"], told["guardians_ended"]) == (0, 2)
    later = family.report(2032)
    assert (later["children"], later["teens"], later["guardians_added"]) == (0, 0, 0)
    assert family.report(2030)["teens"] == 1


def test_consent_lasts_from_when_it_was_first_given_until_it_is_withdrawn(family: Family):
    def since() -> str:
        item = family.members.dynamodb.get(
            family.members.table, {"owner": f"member:{CHILD}", "entry": "member"}
        )
        return standing_from(item).since("steps").isoformat()

    family.say("steps")
    family.now += timedelta(days=10)
    family.say("steps")  # a new version of the notice
    assert since() == "2026-11-20"
    family.say("steps", granted=False)
    family.now += timedelta(days=5)
    family.say("steps")
    assert since() == "2026-12-05"


def test_the_notice_has_the_eight_statements_and_a_version_for_each_text():
    shown = notice.guardian_notice()
    assert tuple(each["id"] for each in shown["statements"]) == notice.STATEMENTS
    assert HASHES[shown["version"]] == shown["hash"], "a changed text is a new version"


def test_a_childs_reductions_are_not_sold(family: Family):
    family.declare(CHILD, THIRTEEN)
    with pytest.raises(NotForMinors):
        family.link(MOTHER, "pooling")
    family.link(MOTHER)
    with pytest.raises(NotForMinors):
        family.say("pooling", guardian=MOTHER)


def test_what_was_agreed_to_is_kept_three_years_after_its_end(family: Family):
    def ends(purpose: str) -> list[int | None]:
        members = family.members
        items = members.dynamodb.all_entries(members.table, ("owner", f"member:{CHILD}"), f"C#{purpose}#")
        return [item.get("ends") for item in items]

    family.say("steps")
    family.say("steps")
    family.say("photos")
    assert ends("steps") == [None, None]
    family.say("steps", granted=False)
    assert ends("steps") == [int((family.now + CONSENTS_KEPT).timestamp())] * 3
    family.say("steps")
    assert ends("steps")[3] is None
    assert ends("photos") == [None]


def test_an_erased_member_is_nobodys_guardian_and_nobodys_ward(family: Family):
    family.declare(CHILD, THIRTEEN)
    family.link(MOTHER, "steps")
    family.link(FATHER)
    erase_member(MOTHER, family.now, members=family.members)
    assert family.may("steps") is None  # there is another
    erase_member(CHILD, family.now, members=family.members)
    erase_member(CHILD, family.now, members=family.members)
    assert guardians.wards_of(FATHER, family.now, members=family.members) == []
    assert family.members.guardianships.wards_of(FATHER) == []
    told = family.report()
    assert (told["children"], told["children_guarded"], told["erasures"]) == (0, 0, 1)
