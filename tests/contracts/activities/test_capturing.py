"""An act is taken only while its member agrees to what shows it; a child's not before a guardian has agreed. All in the act's own read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from puhui.activities import capturing
from puhui.activities.acts.model import PartnerRecord
from puhui.activities.recording import RecordActivity, record_activity
from puhui.activities.tables import Tables
from puhui.kernel.grades import CREDITS, PARTNER
from puhui.members.capture_api import Consents, standing_from
from puhui.members.errors import ConsentRequired, GuardianRequired, MemberNotFound
from puhui.programmes import presets
from puhui.programmes.model import Accepted, Programme
from tests.contracts.activities.conftest import NOW, SENT, Acts

TODAY = date(2026, 11, 20)


class Person:
    """A member's item, as the members' context writes it."""

    def __init__(self, acts: Acts, table: str) -> None:
        self.consents = Consents(table)
        tables = Tables(acts.tables.activities, acts.tables.ledger, self.consents)
        self.acts = Acts(tables, acts.shelf, acts.member_id, acts.programme_id)
        self.item: dict[str, Any] = {"consents": {}, "nickname": "m", "roles": []}
        self.put()

    def put(self, **changes: Any) -> None:
        self.item |= changes
        key = self.consents.key(self.acts.member_id)
        self.acts.tables.ledger.dynamodb.put_all(key.table, [{**key.key, **self.item}])

    def say(self, purpose: str, *, granted: bool = True) -> None:
        answer = {"purpose": purpose, "granted": granted, "version": "1", "at": "2026-11-18T12:00:00+08:00"}
        self.put(consents={**self.item["consents"], purpose: answer})

    def partner(self, record_id: str = "r-1", partner_id: str = "metro") -> Any:
        source = PartnerRecord(partner_id, record_id)
        command = RecordActivity(
            self.acts.member_id,
            self.acts.programme_id,
            "cycling",
            NOW,
            {"distance_m": 2_000},
            (),
            None,
            f"hash {record_id}",
            source=source,
        )
        return record_activity(command, tables=self.acts.tables, now=SENT)


@pytest.fixture
def me(acts: Acts, make_table: Callable[[str], str]) -> Person:
    return Person(acts, make_table("members"))


def test_a_members_own_word_needs_no_consent(me: Person):
    assert me.acts.record().status == "credited"


def test_a_photo_is_used_only_while_its_member_agrees(me: Person):
    photo = me.acts.photo(b"picture")
    with pytest.raises(ConsentRequired):
        me.acts.record("lights_off", quantity={"times": 1}, evidence=(photo,))
    me.say("photos")
    first = me.acts.record("lights_off", quantity={"times": 1}, evidence=(photo,), key="k")
    assert first.status == "verifying"
    me.say("photos", granted=False)
    again = me.acts.record("lights_off", quantity={"times": 1}, evidence=(photo,), key="k")
    assert again == first  # what was answered before is answered again
    with pytest.raises(ConsentRequired):
        me.acts.record("lights_off", quantity={"times": 1}, evidence=(me.acts.photo(b"another"),))


def test_each_partner_needs_a_consent_of_its_own(me: Person, monkeypatch: pytest.MonkeyPatch):
    _programme(monkeypatch, _takes_partners)
    me.say("partner:metro")
    assert me.partner().status == "credited"
    with pytest.raises(ConsentRequired):
        me.partner("r-2", "power")
    me.say("partner:metro", granted=False)
    assert me.partner().status == "credited"  # the same record again
    with pytest.raises(ConsentRequired):
        me.partner("r-3")


@pytest.mark.parametrize("born", [2012, 2013, 2020])
def test_a_childs_acts_count_from_the_guardian_on(me: Person, born: int):
    me.put(birth_year=born)
    with pytest.raises(GuardianRequired):
        me.acts.record()
    me.put(guardians=["G" * 26])
    assert me.acts.record().status == "credited"
    me.put(guardians=[])
    with pytest.raises(GuardianRequired):
        me.acts.record(at=NOW - timedelta(hours=3))


def test_from_the_year_after_the_fourteenth_birthday_nobody_is_asked(me: Person):
    me.put(birth_year=2011)
    assert me.acts.record().status == "credited"


def test_in_a_schools_programme_members_are_children_unless_they_said_otherwise(
    me: Person, monkeypatch: pytest.MonkeyPatch
):
    _programme(monkeypatch, lambda each: replace(each, minors=True))
    with pytest.raises(GuardianRequired):
        me.acts.record()
    me.put(birth_year=1980)  # a teacher
    assert me.acts.record().status == "credited"


def test_who_is_being_erased_records_nothing_any_more(me: Person):
    me.put(closed=True)
    with pytest.raises(MemberNotFound):
        me.acts.record()


def test_days_before_an_unbroken_consent_are_left_out_unless_they_are_sent_on_purpose(me: Person):
    walked = [(TODAY - timedelta(days=n), 5_000) for n in range(4)]
    answer = {"granted": True, "at": "2026-11-20T09:00:00+08:00", "since": "2026-11-19T23:30:00+08:00"}
    standing = standing_from({"consents": {"steps": answer}})
    taken, left = capturing.since_consent(walked, standing, "carbon-88", SENT, include_earlier=False)
    assert [day for day, _ in taken] == [TODAY, TODAY - timedelta(days=1)]
    assert [(each["date"], each["steps"], each["reason_code"]) for each in left] == [
        ("2026-11-18", 0, "BEFORE_CONSENT"),
        ("2026-11-17", 0, "BEFORE_CONSENT"),
    ]
    assert capturing.since_consent(walked, standing, "carbon-88", SENT, include_earlier=True) == (walked, [])


def _programme(monkeypatch: pytest.MonkeyPatch, change: Callable[[Programme], Programme]) -> None:
    read = presets.read
    monkeypatch.setattr(presets, "read", lambda *given: change(read(*given)))


def _takes_partners(programme: Programme) -> Programme:
    cycling = programme.behaviours["cycling"]
    taking = replace(cycling, evidence={**cycling.evidence, PARTNER: Accepted(CREDITS)})
    return replace(programme, behaviours={**programme.behaviours, "cycling": taking})
