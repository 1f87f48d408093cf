"""An act at some risk is held for some days: it is settled once, or voided once, and never both."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from puhui.activities import reading, recording, scheduled_checks, steps, stream, verification
from puhui.activities.acts.model import Activity
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.claims import collecting
from puhui.activities.errors import ActivityNotFound, NotHeld, NotMature, OwnReview, VoidingDiffers
from puhui.activities.households.model import Residence, Residences
from puhui.activities.reviews import usecases as reviews
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.activities.risk.records import device_hash, mark_of
from puhui.activities.settling import settle, voiding
from puhui.activities.settling.holding import HOLD_LONGEST
from puhui.activities.settling.settle import PlatformSilent
from puhui.kernel import clock, ids
from puhui.kernel.errors import Unavailable
from puhui.store.client import DynamoDB
from puhui.store.cursors import Cursors
from puhui.store.session import Session
from puhui.store.values import decode_item
from tests.contracts.activities.conftest import NOW, SENT, Acts
from tests.contracts.activities.test_looking_after_verifications import MACHINE, Machine, machine
from tests.unit.activities.test_pictures_and_risk import photo

__all__ = ["machine"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUE = SENT + 3 * DAY
CURSORS = Cursors(b"k" * 32)
FAST = {"distance_m": 30_000}  # as fast as is believed at all: 30 km in one hour


def fast_ride(acts: Acts, metres: int = 30_000, **more: Any) -> Activity:
    """A ride at nearly 30 km/h, which is held."""
    ended = NOW + timedelta(seconds=-(-metres * 12 // 100))
    return acts.record(quantity={"distance_m": metres}, ended_at=ended, **more)


def look(acts: Acts, at: datetime, found: Mapping[str, int] | None = None) -> dict[str, int]:
    return dict(
        scheduled_checks.check_waiting(acts.tables, MACHINE, at, lambda: 0, 1, lambda _act, _now: found or {})
    )


def read(acts: Acts, activity: Activity) -> Activity:
    return reading.get_activity(acts.member_id, activity.id, activities=acts.tables.activities)


def void(acts: Acts, activity: Activity, by: str = "officer-1", reason: str = "ALREADY_COUNTED") -> Activity:
    return voiding.void(acts.member_id, activity.id, by, reason, "看过", tables=acts.tables, now=SENT + HOUR)


def pending(acts: Acts) -> int:
    return acts.balance().amounts.get("pending_mg", 0)


def follow(acts: Acts, activity: Activity, times: int = 1) -> None:
    item = ACTIVITY.item(activity)
    for _ in range(times):
        stream.follow(item, MACHINE, acts.tables.activities, SENT)


def test_a_held_act_is_pending_and_settled_once_when_its_days_are_over(acts: Acts):
    activity = fast_ride(acts, 4_000)
    shown = reading.activity_body(activity, SENT)
    assert (shown["status"], shown["settles_at"]) == ("pending", "2026-11-23T14:00:00+08:00")
    assert not {"rules", "shadows", "signals", "device", "address"} & shown.keys(), "no member sees how"
    assert (pending(acts), acts.points()) == (1_000_000, 0)
    assert look(acts, DUE - timedelta(seconds=1)) == {}
    assert look(acts, DUE) == {"settled": 1}
    assert look(acts, DUE + 9 * DAY) == {}
    settled = read(acts, activity)
    assert (settled.status, settled.points, settled.rules) == ("credited", 1_000, ("SPEED_IMPLAUSIBLE@1",))
    assert (pending(acts), acts.points()) == (0, 1_000)
    assert acts.sound()


def test_a_ride_just_slow_enough_is_credited_at_once(acts: Acts):
    ridden = acts.record(quantity={"distance_m": 4_500}, ended_at=NOW + timedelta(minutes=10))
    assert (ridden.status, ridden.rules) == ("credited", ())


def test_the_same_request_again_gives_the_first_answer_whatever_became_of_it(acts: Acts):
    first = fast_ride(acts, 4_000, key="ride")
    look(acts, DUE)
    again = fast_ride(acts, 4_000, key="ride", now=DUE)
    shown = [reading.activity_body(each, SENT) for each in (first, again)]
    assert shown[0] == shown[1]
    assert acts.points() == 1_000


def test_eight_schedules_at_once_settle_an_act_once(acts: Acts):
    activity = fast_ride(acts, 4_000)
    with ThreadPoolExecutor(8) as pool:
        ended = list(
            pool.map(
                lambda _: settle.settle(acts.member_id, activity.id, {}, tables=acts.tables, now=DUE),
                range(8),
            )
        )
    assert {each.status for each in ended} == {"credited"}
    assert (pending(acts), acts.points()) == (0, 1_000)
    assert acts.sound()


def test_a_schedule_that_dies_after_its_effect_settles_nothing_twice(
    acts: Acts, monkeypatch: pytest.MonkeyPatch
):
    fast_ride(acts, 4_000)
    transact = DynamoDB.transact

    def dying(self: DynamoDB, *given: Any) -> None:
        transact(self, *given)
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(DynamoDB, "transact", dying)
        assert look(acts, DUE) == {"failed": 1}
    assert look(acts, DUE) == {}
    assert (pending(acts), acts.points()) == (0, 1_000)
    assert acts.sound()


def test_a_schedule_that_stood_still_for_a_month_takes_nothing_from_anybody(acts: Acts):
    fast_ride(acts, 4_000)
    assert look(acts, DUE + 30 * DAY) == {"settled": 1}
    assert acts.points() == 1_000


def test_an_officer_voids_a_held_act_with_a_reason_that_its_member_sees(acts: Acts):
    activity = fast_ride(acts, 4_000)
    answers = [void(acts, activity) for _ in range(2)]
    assert answers[0] == answers[1]
    shown = reading.activity_body(read(acts, activity), SENT)
    assert (shown["status"], shown["reason_code"], shown["note"]) == ("refused", "ALREADY_COUNTED", "看过")
    assert read(acts, activity).voiding["by"] == "officer-1"
    assert look(acts, DUE) == {}
    assert (pending(acts), acts.points()) == (0, 0)
    assert acts.record(quantity={"distance_m": 1_000}, now=SENT).status == "credited", (
        "its time is free again"
    )
    assert acts.sound()


def test_an_act_is_settled_or_voided_whoever_comes_at_once(acts: Acts):
    for number in range(6):
        mine = acts.of(ids.new_id(NOW - 60 * DAY))
        activity = fast_ride(mine, 4_000)

        def settles(_: int, mine: Acts = mine, activity: Activity = activity) -> None:
            settle.settle(mine.member_id, activity.id, {}, tables=mine.tables, now=DUE)

        def voids(by: int, mine: Acts = mine, activity: Activity = activity) -> None:
            with suppress(NotHeld):
                void(mine, activity, f"officer-{by}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n, order=number: (settles, voids)[(n + order) % 2](n), range(4)))
        ended = read(mine, activity)
        assert (ended.status, mine.points(), pending(mine)) in [("credited", 1_000, 0), ("refused", 0, 0)]
    assert acts.sound()


def test_above_five_kilograms_two_officers_give_the_same_reason(acts: Acts):
    activity = fast_ride(acts)
    proposed = void(acts, activity)
    assert voiding.voiding_body(proposed)["state"] == "proposed"
    assert (void(acts, activity), read(acts, activity).status) == (proposed, "held")
    with pytest.raises(VoidingDiffers):
        void(acts, activity, "officer-2", "NOT_ALLOWED_BY_RULES")
    voided = void(acts, activity, "officer-2")
    assert (voiding.voiding_body(voided)["state"], voided.voiding["second"]) == ("voided", "officer-2")
    assert void(acts, activity) == voided
    assert acts.sound()


def test_of_what_one_officer_alone_wants_voided_a_verifier_decides(acts: Acts, machine: Machine):
    activity = fast_ride(acts)
    void(acts, activity)
    assert look(acts, DUE) == {"settled": 1}
    waiting = read(acts, activity)
    assert (waiting.status, pending(acts)) == ("verifying", 7_500_000)
    follow(acts, waiting)
    assert machine.executions == {f"{activity.id}-held": "RUNNING"}
    found = verification.assess_risk(acts.member_id, activity.id, [], activities=acts.tables.activities)
    assert found["outcome"] == "hold", "the machine has nothing new to say"
    assert look(acts, DUE + timedelta(minutes=10)) == {"waiting": 1}
    credited = verification.credit_activity(acts.member_id, activity.id, tables=acts.tables, now=DUE + HOUR)
    assert (credited.status, acts.points()) == ("credited", 7_500)
    assert acts.sound()


def test_nobody_voids_an_act_of_their_own_or_one_that_is_not_held(acts: Acts):
    activity = fast_ride(acts, 4_000)
    with pytest.raises(OwnReview):
        void(acts, activity, acts.member_id)
    credited = acts.record(quantity={"distance_m": 1_000}, at=NOW - 3 * HOUR)
    with pytest.raises(NotHeld):
        void(acts, credited)
    with pytest.raises(ActivityNotFound):
        void(acts.of(ids.new_id(NOW)), activity)


def test_where_acts_are_collected_a_held_one_matures_when_it_is_settled(forest: Acts):
    activity = fast_ride(forest, 4_000)
    assert (activity.status, activity.matured_at) == ("held", None)
    with pytest.raises(NotMature):
        collecting.collect(forest.member_id, activity.id, tables=forest.tables, now=SENT + 2 * DAY)
    assert look(forest, DUE) == {"settled": 1}
    assert read(forest, activity).matured_at == DUE
    collected = collecting.collect(forest.member_id, activity.id, tables=forest.tables, now=DUE)
    assert (collected.status, collected.points) == ("credited", 1_000)
    assert forest.sound()


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ({"risk_rank": 2, "new_friends": 2}, "credited"),
        ({"risk_rank": 3}, "verifying"),
        ({"new_friends": 3}, "verifying"),
    ],
)
def test_what_is_found_out_meanwhile_decides(
    acts: Acts, machine: Machine, found: Mapping[str, int], status: str
):
    activity = fast_ride(acts, 4_000)
    assert look(acts, DUE, found) == {"settled": 1}
    ended = read(acts, activity)
    assert (ended.status, len(ended.rules)) == (status, 1 if status == "credited" else 2)


def test_a_platform_that_is_silent_is_waited_for_a_day_and_no_longer(acts: Acts):
    fast_ride(acts, 4_000)

    def silent(_act: Activity, _now: datetime) -> Mapping[str, int]:
        raise PlatformSilent

    def at(when: datetime) -> dict[str, int]:
        return dict(scheduled_checks.check_waiting(acts.tables, MACHINE, when, lambda: 0, 1, silent))

    assert at(DUE) == {"waiting": 1}
    assert at(DUE + 29 * timedelta(minutes=1)) == {}
    assert at(DUE + 30 * timedelta(minutes=1)) == {"waiting": 1}
    assert at(DUE + DAY) == {"settled": 1}
    assert acts.points() == 1_000


def young(acts: Acts, days: int) -> Acts:
    return acts.of(ids.new_id(SENT - days * DAY))


def trips(acts: Acts, count: int, number: int) -> tuple[str, str]:
    """Trips by photo, checked: the outcome, and the act's status after it."""
    evidence = acts.photo(photo(number))
    at = NOW - 5 * HOUR
    activity = acts.record("subway_trip", quantity={"trips": count}, evidence=[evidence], at=at)
    found = verification.assess_risk(acts.member_id, activity.id, [], activities=acts.tables.activities)
    hold = found["outcome"] == "hold"
    ended = verification.credit_activity(acts.member_id, activity.id, hold=hold, tables=acts.tables, now=SENT)
    return found["outcome"], ended.status


@pytest.mark.parametrize(
    ("days", "count", "outcome", "status"),
    [
        (6, 4, "hold", "held"),
        (6, 3, "approve", "credited"),
        (7, 4, "approve", "credited"),
    ],
)
def test_a_new_account_gets_600_g_a_day_at_once_for_seven_days(
    acts: Acts, days: int, count: int, outcome: str, status: str
):
    assert trips(young(acts, days), count, days * 10 + count) == (outcome, status)


def test_what_a_new_account_has_beyond_comes_three_days_later(acts: Acts):
    new = young(acts, 2)
    trips(new, 4, 1)
    assert (pending(new), new.points()) == (800_000, 0)
    assert look(new, DUE) == {"settled": 1}
    assert (pending(new), new.points()) == (0, 800)
    assert acts.sound()


def test_what_a_person_approved_is_not_held(acts: Acts):
    new = young(acts, 2)
    activity = new.record(
        "subway_trip", quantity={"trips": 4}, evidence=[new.photo(photo(3))], at=NOW - 5 * HOUR
    )
    ended = verification.credit_activity(new.member_id, activity.id, tables=acts.tables, now=SENT)
    assert ended.status == "credited"


def test_the_hold_of_a_photo_outlasts_its_verification_and_its_days(acts: Acts):
    assert timedelta(days=2 * recording.VERIFICATION_DAYS + 31) < HOLD_LONGEST


# What the stream puts on record


def test_officers_find_held_acts_by_programme_until_they_are_settled(acts: Acts):
    first, second = fast_ride(acts, 4_000), fast_ride(acts.of(ids.new_id(NOW - 60 * DAY)), 2_000)
    for each in (first, second):
        follow(acts, each, 2)

    def listed(programme_id: str = "carbon-88") -> list[dict[str, Any]]:
        activities = acts.tables.activities
        page = voiding.list_held(programme_id, 10, None, activities=activities, cursors=CURSORS)
        return [voiding.held_body(each) for each in page.items]

    assert {each["id"] for each in listed()} == {first.id, second.id}
    assert [each["signals"] for each in listed()] == [["SPEED_IMPLAUSIBLE"]] * 2
    assert listed("ant-forest") == []
    settle.settle(first.member_id, first.id, {}, tables=acts.tables, now=DUE)
    assert [each["id"] for each in listed()] == [second.id], "even before the stream says so"
    follow(acts, read(acts, first), 2)
    assert [each["id"] for each in listed()] == [second.id]


def test_a_rules_precision_is_counted_once_however_often_a_change_comes(acts: Acts, machine: Machine):
    voided, settled = fast_ride(acts, 4_000), fast_ride(acts.of(ids.new_id(NOW - 60 * DAY)), 4_000)
    for each in (voided, settled):
        follow(acts, each, 3)
    follow(acts, void(acts, voided), 3)
    settle.settle(settled.member_id, settled.id, {}, tables=acts.tables, now=DUE)
    follow(acts, read(acts.of(settled.member_id), settled), 3)
    count = acts.tables.activities.risk.counts()["SPEED_IMPLAUSIBLE@1"]
    assert (count.fired, count.decided, count.confirmed, count.precision_percent) == (2, 1, 1, 100)


@pytest.mark.parametrize(("decision", "precision"), [("approve", 0), ("refuse", 100)])
def test_a_reviews_outcome_counts_for_every_rule_that_fired(
    acts: Acts, monkeypatch: pytest.MonkeyPatch, decision: str, precision: int
):
    monkeypatch.setattr("puhui.activities.stream.answer", lambda *_: None)
    activity = acts.record(
        "subway_trip", quantity={"trips": 1}, evidence=[acts.photo(photo(4))], at=NOW - 5 * HOUR
    )
    checks = [{"checks": [{"reason_code": "", "signals": ["PHOTO_SIMILAR"]}]}]
    activities = acts.tables.activities
    found = verification.assess_risk(acts.member_id, activity.id, checks, activities=activities)
    review = verification.request_review(
        acts.member_id,
        activity.id,
        found["score"],
        found["signals"],
        "token",
        99,
        activities=activities,
        now=SENT,
    )
    vote = Vote("v1", decision, "NOT_THE_ACT", at=SENT)
    decided = reviews.decide_review(review.id, Reviewer("v1"), vote, reviews=activities.reviews)
    for _ in range(3):
        stream.count_decision(decided, activities, SENT)
    count = activities.risk.counts()["PHOTO_SIMILAR@1"]
    assert (count.decided, count.precision_percent) == (1, precision)


def rides_by(mine: Acts, device: str, hours_ago: int = 0) -> Activity:
    ridden = mine.record(quantity={"distance_m": 2_000}, device=device, at=NOW - hours_ago * HOUR)
    follow(mine, ridden, 2)
    return ridden


def test_a_fourth_account_on_a_device_waits_and_so_do_the_first_from_then_on(acts: Acts):
    people = [acts.of(ids.new_id(NOW - 60 * DAY)) for _ in range(4)]
    assert [rides_by(each, "phone").status for each in people] == ["credited"] * 3 + ["held"]
    assert rides_by(people[0], "phone", 1).rules == ("DEVICE_SHARED@1",)
    assert rides_by(people[0], "another phone", 2).rules == ()


def test_people_of_one_household_may_share_a_device(acts: Acts):
    people = [acts.of(ids.new_id(NOW - 60 * DAY)) for _ in range(5)]
    households = acts.tables.activities.households
    for each in people[:4]:
        session = Session(acts.tables.activities.dynamodb)
        households.put_residences(session, Residences(each.member_id, (Residence("H1", "2026-01-01"),)))
        session.commit()
    assert [rides_by(each, "tablet").status for each in people] == ["credited"] * 5


# Steps


def sync(
    acts: Acts, *walked: tuple[int, int], now: datetime = NOW, programme: str = "carbon-88"
) -> list[Any]:
    """A sync of (days ago, steps), followed up by the stream; what it says of each day."""
    days = [(NOW.date() - timedelta(days=ago), count) for ago, count in walked]
    answer = steps.sync_steps(
        acts.member_id, programme, days, key=None, body_hash="", tables=acts.tables, now=now
    )
    for day in answer["days"]:
        if "activity_id" in day:
            activities = acts.tables.activities
            follow(acts, reading.get_activity(acts.member_id, day["activity_id"], activities=activities))
    return [(day["points"], day.get("reason_code", "")) for day in answer["days"]]


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("count", "answer"), [(30_000, (10, "CAP_REACHED")), (30_001, (0, "STEPS_UNUSUAL"))])
def test_more_than_thirty_thousand_steps_a_person_sees(
    acts: Acts, machine: Machine, count: int, answer: tuple[int, str]
):
    assert sync(acts, (1, count)) == [answer]
    assert sync(acts, (1, count)) == [(0, "")]
    assert len(machine.executions) == (count > 30_000)


def test_a_walk_that_a_person_approved_counts_and_grows_again(acts: Acts, machine: Machine):
    assert sync(acts, (1, 31_000)) == [(0, "STEPS_UNUSUAL")]
    (activity_id,) = machine.executions
    assert sync(acts, (1, 32_000), now=NOW + HOUR) == [(0, "STEPS_UNUSUAL")]
    ended = verification.credit_activity(acts.member_id, activity_id, tables=acts.tables, now=NOW + HOUR)
    assert (ended.status, acts.points()) == ("credited", 10)
    assert acts.sound()


def test_a_walk_that_a_person_refused_counts_no_more(acts: Acts, machine: Machine):
    sync(acts, (1, 31_000))
    (activity_id,) = machine.executions
    verification.refuse_activity(
        acts.member_id, activity_id, "NOT_ALLOWED_BY_RULES", tables=acts.tables, now=NOW
    )
    assert sync(acts, (1, 32_000), now=NOW + HOUR) == [(0, "NOT_ALLOWED_BY_RULES")]
    assert acts.sound()


@pytest.mark.parametrize(
    ("minutes", "gained", "counted"), [(10, 5_001, False), (10, 5_000, True), (11, 5_001, True)]
)
def test_steps_that_leap_within_minutes_count_when_they_are_synced_again_later(
    acts: Acts, minutes: int, gained: int, counted: bool
):
    sync(acts, (0, 100))

    def walked() -> int:
        (found,) = acts.tables.activities.days.find_all(acts.member_id, [NOW.date()])
        return sum(entry.quantity for entry in found.entries)

    ((_, reason),) = sync(acts, (0, 100 + gained), now=NOW + minutes * MINUTE)
    assert (walked() > 100, reason != "STEPS_UNUSUAL") == (counted, counted)
    sync(acts, (0, 100 + gained), now=NOW + HOUR)
    assert walked() == 100 + gained
    assert acts.sound()


@pytest.mark.parametrize(("days", "status"), [(4, "credited"), (5, "verifying")])
def test_days_of_exactly_the_same_steps_a_person_sees(acts: Acts, machine: Machine, days: int, status: str):
    said = sync(acts, *((ago, 6_666) for ago in range(days)))
    assert {reason for _, reason in said} == {"CAP_REACHED" if status == "credited" else "STEPS_UNUSUAL"}


@pytest.mark.parametrize(("equal", "reason"), [(2, "CAP_REACHED"), (3, "STEPS_COPIED")])
def test_steps_copied_from_another_account_are_refused(acts: Acts, equal: int, reason: str):
    history = [(ago, 7_000 + 111 * ago) for ago in range(5)]
    assert {each for _, each in sync(acts, *history)} == {"CAP_REACHED"}
    copy = acts.of(ids.new_id(NOW - 60 * DAY))
    own = [(ago, count + (ago >= equal)) for ago, count in history]
    assert {each for _, each in sync(copy, *own)} == {reason}
    assert {each for _, each in sync(copy, *own)} == {"" if equal == 2 else "STEPS_COPIED"}
    assert copy.points() == (50 if equal == 2 else 0)
    assert acts.sound()


def test_one_and_the_same_member_copies_nobody(acts: Acts):
    history = [(ago, 7_000 + 111 * ago) for ago in range(5)]
    sync(acts, *history)
    assert sync(acts, *((ago, count + 100) for ago, count in history), now=NOW + DAY)
    assert acts.points() == 50


def test_what_rules_remember_is_stored_under_these_names(acts: Acts):
    records, key = acts.tables.activities.risk, device_hash("a-device-of-32-characters-at-most", b"k" * 32)
    records.used_device(key, NOW.date(), mark_of("M1"))
    records.walked(NOW.date(), 8_000, mark_of("M1"))
    records.hold("carbon-88", DUE, "01ACT", "M1")
    records.put_rank("M1", 3, NOW)
    records.count_fired("01ACT", ["FIRST_DAYS@1"], NOW)
    records.count_decided("01ACT", ["FIRST_DAYS@1"], NOW, confirmed=True)
    table = acts.tables.activities.table
    stored = [decode_item(item) for item in boto3.client("dynamodb").scan(TableName=table)["Items"]]

    def ends(at: datetime, days: int) -> int:
        return int((at + days * DAY).timestamp())

    midnight = clock.day_start(NOW.date())
    mark, steps_name = mark_of("M1"), ids.key_id("2026-11-20", "8000")
    expected: list[dict[str, Any]] = [
        {"owner": f"device:{key}", "entry": "D#2026-11-20", "people": {mark}, "ends": ends(midnight, 7)},
        {"owner": f"steps:{steps_name}", "entry": "steps", "who": mark, "ends": ends(midnight, 40)},
        {
            "owner": "held:carbon-88",
            "entry": "H#2026-11-23T14:00:00+08:00#01ACT",
            "member_id": "M1",
            "ends": ends(DUE, 60),
        },
        {"owner": "member:M1", "entry": "risk", "rank": 3, "ends": ends(NOW, 7)},
        {"owner": "counted:01ACT", "entry": "fired", "ends": ends(NOW, 180)},
        {"owner": "counted:01ACT", "entry": "decided", "ends": ends(NOW, 180)},
        {"owner": "rules", "entry": "R#FIRST_DAYS@1", "fired": 1, "decided": 1, "confirmed": 1},
    ]
    assert sorted(stored, key=str) == sorted(expected, key=str)
