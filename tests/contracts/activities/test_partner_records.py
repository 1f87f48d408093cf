"""What a data partner records of a member: credited at once, once for all members and programmes, at the price of a member's own act."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from infra.local import demo
from puhui.activities import reading, recording, verification
from puhui.activities.acts.model import Activity, PartnerRecord, is_of_record
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.appeals.usecases import appeal_activity
from puhui.activities.errors import (
    ActivityNotFound,
    ActRepeated,
    ActsOverlap,
    ClaimedByMember,
    EvidenceNotAccepted,
    NothingToAppeal,
    RecordChanged,
)
from puhui.activities.replacing import withdraw
from puhui.kernel import ids
from puhui.ledger.api import Leg, Transfer
from puhui.store.session import Session
from puhui.store.values import encode_item
from tests.contracts.activities.conftest import NOW, SENT, Acts
from tests.support.ledger import post_transfer


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


HOUR = timedelta(hours=1)


def test_a_record_takes_the_place_of_what_the_member_said_of_the_trip(acts: Acts):
    word = acts.record("cycling", at=NOW, quantity={"distance_m": 3_000})
    assert (word.points_only, word.points) == (True, 20)
    act = send(acts, at=NOW + timedelta(minutes=5))
    assert (act.credits_mg, act.points) == (500_000, 500)
    assert acts.points() == 500, "what the word gave went back"
    before = reading.get_activity(acts.member_id, word.id, activities=acts.tables.activities)
    assert (before.status, before.reason_code, before.credits_mg) == ("reversed", "REPLACED_BY_RECORD", 0)
    assert send(acts, at=NOW + timedelta(minutes=5)) == act
    assert acts.points() == 500
    assert acts.record("no_tableware", quantity={"orders": 1}, at=NOW - 3 * HOUR).points == 20, (
        "its allowance is free"
    )
    assert acts.sound()


def test_what_a_photo_is_still_being_verified_for_gives_way_to_the_record(acts: Acts):
    city = Acts(acts.tables, acts.shelf, acts.member_id, "guangdong-tanpuhui")
    shown = city.record("bus_trip", quantity={"trips": 1}, evidence=[city.photo(demo.photo(5))], at=NOW)
    assert city.balance().pending_mg == shown.credits_mg > 0
    act = send(city, behaviour="bus_trip", quantity={"trips": 1}, at=NOW + timedelta(minutes=2))
    assert (act.status, city.balance().pending_mg) == ("credited", 0)
    before = reading.get_activity(city.member_id, shown.id, activities=acts.tables.activities)
    assert (before.status, before.reason_code) == ("refused", "REPLACED_BY_RECORD")
    assert city.balance().amounts["reduced_mg"] == act.credits_mg
    assert acts.sound()


def test_what_waits_to_be_collected_gives_way_to_the_record(forest: Acts):
    word = forest.record("cycling", at=NOW, quantity={"distance_m": 3_000})
    assert (word.status, forest.balance().pending_unverified_mg) == ("maturing", 20_000)
    act = send(forest, at=NOW)
    assert (act.status, forest.balance().pending_mg, forest.balance().pending_unverified_mg) == (
        "maturing",
        500_000,
        0,
    )
    assert forest.sound()


def test_another_trip_of_the_day_is_not_touched(acts: Acts):
    word = acts.record("cycling", at=NOW - 5 * HOUR, quantity={"distance_m": 40})
    send(acts)
    assert acts.points() == 510
    before = reading.get_activity(acts.member_id, word.id, activities=acts.tables.activities)
    assert before.status == "credited"


def test_a_word_about_another_vehicle_at_that_time_gives_way_too(acts: Acts):
    city = Acts(acts.tables, acts.shelf, acts.member_id, "guangdong-tanpuhui")
    city.record("bus_trip", quantity={"trips": 1}, at=NOW)
    act = send(city, behaviour="subway_trip", quantity={"trips": 1}, at=NOW + timedelta(minutes=1))
    assert act.status == "credited"
    assert acts.sound()


def test_a_record_that_came_no_further_than_the_withdrawal_is_sent_again(acts: Acts):
    word = acts.record("cycling", at=NOW)
    withdraw(acts.member_id, word.id, tables=acts.tables, now=SENT)
    withdraw(acts.member_id, word.id, tables=acts.tables, now=SENT)
    assert acts.points() == 0
    assert send(acts).points == 500
    assert acts.sound()


def test_after_the_record_the_member_cannot_claim_the_trip_again(acts: Acts):
    send(acts, ended_at=NOW + timedelta(minutes=20))
    with pytest.raises((ActsOverlap, ActRepeated)):
        acts.record("cycling", at=NOW + timedelta(minutes=1))


def test_a_credited_photo_gives_way_as_long_as_its_points_are_there(acts: Acts):
    city = Acts(acts.tables, acts.shelf, acts.member_id, "guangdong-tanpuhui")

    def by_photo(number: int, at: datetime) -> Activity:
        picture = city.photo(demo.photo(number))
        shown = city.record("bus_trip", quantity={"trips": 1}, evidence=[picture], at=at)
        return verification.credit_activity(city.member_id, shown.id, tables=city.tables, now=SENT)

    first, second = by_photo(7, NOW - 6 * HOUR), by_photo(8, NOW)
    act = send(city, "bus-1", behaviour="bus_trip", quantity={"trips": 1}, at=NOW - 6 * HOUR)
    assert city.points() == act.points + second.points == first.points + second.points
    assert city.balance().amounts["reduced_mg"] == act.credits_mg + second.credits_mg, "the photo's went back"
    spent = (
        Leg(f"member:{city.member_id}", "PTS:guangdong-tanpuhui", -city.points()),
        Leg("retired:guangdong-tanpuhui", "PTS:guangdong-tanpuhui", city.points()),
    )
    ledger = city.tables.ledger
    post_transfer(Transfer(ids.new_id(SENT), "spend", SENT, spent, "01TEST"), ledger=ledger, now=SENT)
    with pytest.raises(ClaimedByMember):
        send(city, "bus-2", behaviour="bus_trip", quantity={"trips": 1}, at=NOW + timedelta(minutes=1))
    assert city.points() == 0
    assert city.sound()


def test_a_claim_that_gave_way_is_not_appealed_and_its_key_still_has_its_first_answer(acts: Acts):
    word = acts.record("cycling", at=NOW, key="word")
    send(acts)
    with pytest.raises(NothingToAppeal):
        appeal_activity(acts.member_id, word.id, "it was me", tables=acts.tables, now=SENT)
    again = acts.record("cycling", at=NOW, key="word")
    assert (again.status, again.credits_mg, again.points, again.entry_id) == (
        "credited",
        word.credits_mg,
        20,
        word.entry_id,
    )
    assert acts.points() == 500


def test_a_record_that_does_not_fit_leaves_the_members_claim(acts: Acts):
    first = send(acts, "trip-1", at=NOW, ended_at=NOW + timedelta(minutes=20))
    word = acts.record("cycling", at=NOW + timedelta(minutes=45), quantity={"distance_m": 1_000})
    with pytest.raises((ActsOverlap, ActRepeated)):
        send(acts, "trip-2", at=NOW + timedelta(minutes=10), ended_at=NOW + timedelta(minutes=50))
    kept = reading.get_activity(acts.member_id, word.id, activities=acts.tables.activities)
    assert (kept.status, acts.points()) == ("credited", first.points + word.points)


def test_a_claim_that_was_decided_to_be_taken_back_stays_so(acts: Acts):
    word = acts.record("cycling", at=NOW)
    session = Session(acts.tables.ledger.dynamodb)
    acts.tables.activities.acts.change_ended(
        session, word, replace(word, status="reversed", reason_code="NOT_THE_ACT")
    )
    session.commit()
    with pytest.raises(ClaimedByMember):
        send(acts)
