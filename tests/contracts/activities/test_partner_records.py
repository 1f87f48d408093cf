"""What a data partner records of a member: credited at once, once for all members and programmes, at the price of a member's own act."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import reading, recording
from puhui.activities.acts.model import Activity, PartnerRecord, is_of_record
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.errors import ActivityNotFound, ActsOverlap, EvidenceNotAccepted, RecordChanged
from puhui.kernel import ids
from puhui.store.values import encode_item
from tests.contracts.activities.conftest import NOW, SENT, Acts


@pytest.fixture(autouse=True)
def _what_lets_an_act_in() -> None:
    """Nothing but the programme's own rules."""


def send(acts: Acts, record_id: str = "trip-1", **more: Any) -> Activity:
    behaviour = more.get("behaviour", "cycling")
    quantity = more.get("quantity", {"distance_m": 2_000})
    at = more.get("at", NOW)
    command = recording.RecordActivity(
        acts.member_id,
        more.get("programme", acts.programme_id),
        behaviour,
        at,
        quantity,
        (),
        None,
        f"{acts.member_id} {behaviour} {quantity} {at}",
        more.get("ended_at"),
        PartnerRecord(more.get("partner", "metro"), record_id),
    )
    return recording.record_activity(command, tables=acts.tables, now=more.get("now", SENT))


def test_a_record_is_credited_in_full_without_a_word_of_the_member(acts: Acts):
    act = send(acts)
    assert (act.status, act.grade, act.partner_id) == ("credited", "partner", "metro")
    assert (act.credits_mg, act.points, act.points_only) == (500_000, 500, False)
    assert acts.points() == 500
    assert acts.balance().amounts["reduced_mg"] == 500_000
    why = reading.explain_activity(acts.member_id, act.id, activities=acts.tables.activities)
    assert (why["grade"], why["gives"], why["credits_mg"]) == ("partner", "credits", 500_000)
    assert acts.sound()


def test_the_same_record_again_gives_the_first_answer(acts: Acts):
    assert send(acts, now=SENT + timedelta(days=1)) == send(acts)
    with ThreadPoolExecutor(4) as pool:
        assert len({act.id for act in pool.map(lambda _: send(acts), range(8))}) == 1
    assert acts.points() == 500
    assert acts.sound()


def test_a_record_with_other_content_is_refused_whatever_was_changed(acts: Acts):
    send(acts)
    for change in ({"quantity": {"distance_m": 3_000}}, {"at": NOW - timedelta(hours=5)}):
        with pytest.raises(RecordChanged):
            send(acts, **change)
    assert acts.points() == 500


def test_one_record_is_one_members(acts: Acts):
    act = send(acts)
    other = acts.of(ids.new_id(NOW - timedelta(days=60)))
    with pytest.raises(RecordChanged):
        send(other)
    with pytest.raises(ActivityNotFound):
        reading.get_activity(other.member_id, act.id, activities=acts.tables.activities)
    assert other.points() == 0
    assert send(other, partner="bike").credits_mg == 500_000, (
        "another partner's record of that name is another one"
    )


def test_sent_for_two_members_at_once_a_record_is_one_of_theirs(acts: Acts):
    people = [acts.of(ids.new_id(NOW - timedelta(days=60))) for _ in range(4)]

    def try_(person: Acts) -> int:
        try:
            return send(person).credits_mg
        except RecordChanged:
            return 0

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_, people)) == [0, 0, 0, 500_000]
    assert sum(person.points() for person in people) == 500


def test_a_record_is_in_the_members_list_as_any_act_is(acts: Acts):
    act = send(acts)
    assert is_of_record(act.id)
    assert not is_of_record(ids.new_id(NOW))
    found = acts.tables.activities.acts.find_all(acts.member_id, [act.id])
    assert found == [act]


def test_two_partners_records_of_one_time_are_one_trip(acts: Acts):
    send(acts, quantity={"distance_m": 5_000}, ended_at=NOW + timedelta(minutes=20))
    green = acts.of(acts.member_id)
    with pytest.raises(ActsOverlap):
        send(
            green,
            "ride-9",
            partner="bus",
            programme="guangdong-tanpuhui",
            behaviour="bus_trip",
            quantity={"trips": 1},
            at=NOW + timedelta(minutes=5),
        )


def test_a_partner_cannot_send_what_the_programme_takes_only_by_photo(acts: Acts):
    with pytest.raises(EvidenceNotAccepted):
        send(acts, behaviour="lights_off", quantity={"times": 1})


def test_a_partners_record_costs_eight_write_units(acts: Acts, monkeypatch: pytest.MonkeyPatch):
    sent: list[Any] = []
    dynamodb = acts.tables.ledger.dynamodb
    call = dynamodb.transact

    def transact(items: Any, *more: Any, **rest: Any) -> Any:
        sent.extend(items)
        return call(items, *more, **rest)

    monkeypatch.setattr(dynamodb, "transact", transact)
    act = send(acts, record_id="x" * 64)
    assert len(sent) == 4, "act, day, transfer, balance"
    size = sum(len(str(name)) + len(str(value)) for name, value in encode_item(ACTIVITY.item(act)).items())
    assert size < 1_024, "one write unit, two in a transaction"
