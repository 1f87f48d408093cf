"""A corrected factor: each act concerned is corrected once, in one transaction, and the sums agree."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from puhui.activities.dynamo import Activities
from puhui.activities.model import Activity
from puhui.activities.ports import Books as Acts
from puhui.activities.usecases import RecordActivity, explain_activity, record_activity
from puhui.kernel import clock, ids
from puhui.kernel.approvals import ProposerMayNotApprove
from puhui.laboratory import corrections
from puhui.laboratory.corrections import Books, Correction, approve, check, correct_shard
from puhui.laboratory.dynamo import Laboratory
from puhui.laboratory.errors import (
    CorrectionClosed,
    FactorsDiffer,
    FactorUnknown,
    NoSuchDay,
)
from puhui.ledger.api import AUDIT_SHARDS
from puhui.ledger.audit import audit
from puhui.ledger.dynamo import Ledger
from puhui.ledger.model import Leg, Transfer, member, points
from puhui.store.client import DynamoDB
from puhui.verify.explanations import check_explanation
from tests.support.ledger import post_transfer

NOW = clock.from_text("2026-11-21T12:00:00+08:00")
LONG_AGO = NOW - timedelta(days=60)  # since when the members are some
DAY = date(2026, 11, 20)
LOWER = Correction(
    ids.key_id("test", "correction"),
    "carbon-88",
    "no-tableware-seed@1",
    "no-tableware-bj-least@1",
    date(2026, 11, 19),
    DAY,
    "the national figure was taken for Beijing",
    "author",
)


@pytest.fixture
def books(engine: str, make_table: Callable[[str], str]) -> Books:
    dynamodb = DynamoDB()
    return Books(
        Activities(dynamodb, make_table("activities")),
        Ledger(dynamodb, make_table("ledger")),
        Laboratory(dynamodb, make_table("laboratory")),
    )


def record(
    books: Books, member_id: str, orders: int, *, hours: int = 24, behaviour: str = "no_tableware"
) -> Activity:
    quantity = {"orders": orders} if behaviour == "no_tableware" else {"distance_m": orders}
    at = NOW - timedelta(hours=hours)
    command = RecordActivity(member_id, "carbon-88", behaviour, at, quantity, (), None, "hash")
    return record_activity(command, books=Acts(books.activities, books.ledger), now=NOW)


def run(books: Books, correction: Correction) -> int:
    return sum(correct_shard(correction, shard, books=books, now=NOW) for shard in range(AUDIT_SHARDS))


@pytest.fixture
def approved() -> Correction:
    return approve(LOWER, "approver", NOW)


def found(books: Books, act: Activity) -> Activity:
    again = books.activities.activity(act.member_id, act.id)
    assert again
    return again


def test_too_much_goes_back_and_whole_points_with_it(books: Books, approved: Correction):
    books.laboratory.propose(LOWER)
    me = ids.new_id(LONG_AGO)
    act, other = record(books, me, 2), record(books, me, 4000, behaviour="cycling", hours=30)
    assert (act.credits_mg, act.points) == (95_000, 95)
    assert run(books, approved) == 1
    corrected = found(books, act)
    assert (corrected.credits_mg, corrected.points) == (46_000, 46)  # 2 orders of 23 g
    assert found(books, other) == other
    assert audit(books.ledger).sound
    assert run(books, approved) == 0
    assert books.laboratory.close_correction(approved.id) == {
        "acts": 1,
        "more_mg": 0,
        "less_mg": 49_000,
        "points": -49,
        "missing_points": 0,
    }


def test_too_little_is_credited_as_any_act_is(books: Books):
    higher = approve(
        replace(LOWER, factor="no-tableware-bj-least@1", replacement="no-tableware-seed@1"), "approver", NOW
    )
    me = ids.new_id(LONG_AGO)
    act = record(books, me, 2)
    lower = approve(LOWER, "approver", NOW)
    assert run(books, lower) == 1
    # The act was corrected once: another correction of it is another matter, for a person.
    assert run(books, higher) == 0
    fresh = replace(
        act,
        record={**act.record, "factors": ["no-tableware-bj-least@1"], "reduction_mg": 46_000},
        credits_mg=46_000,
    )
    mass = corrections.new_mass(fresh, higher)
    assert mass == 95_000


def test_points_that_were_spent_are_not_taken_and_nobody_goes_below_zero(books: Books, approved: Correction):
    books.laboratory.propose(LOWER)
    me = ids.new_id(LONG_AGO)
    act = record(books, me, 2)
    spent = Transfer(
        ids.new_id(LONG_AGO),
        "redemption",
        NOW,
        (Leg(member(me), points("carbon-88"), -80), Leg("retired:carbon-88", points("carbon-88"), 80)),
    )
    post_transfer(spent, ledger=books.ledger, now=NOW)
    assert run(books, approved) == 1
    assert books.ledger.balance(member(me), "carbon-88").points(DAY) == 0
    assert (found(books, act).credits_mg, found(books, act).points) == (46_000, 80)
    report = books.laboratory.close_correction(approved.id)
    assert (report["points"], report["missing_points"]) == (-15, 34)
    assert audit(books.ledger).sound


def test_the_member_is_told_what_changed_and_why(books: Books, approved: Correction):
    me = ids.new_id(LONG_AGO)
    act = record(books, me, 2)
    run(books, approved)
    told = explain_activity(me, act.id, books=Acts(books.activities, books.ledger))
    assert (told["credits_mg"], told["points"]) == (46_000, 46)
    assert told["computation"]["reduction_mg"] == 46_000
    assert [each["id"] for each in told["factors"]] == ["no-tableware-bj-least"]
    assert "avoids 46 g" in told["sentence"]["en"]
    assert f"({LOWER.reason}); before, 95 g were credited" in told["sentence"]["en"]
    assert f"（{LOWER.reason}），更正前计入 95 克" in told["sentence"]["zh-CN"]
    assert told["correction"]["reason"] == LOWER.reason
    assert check_explanation(json.dumps(told).encode(), None).credits_mg == 46_000
    assert (told["correction"]["from_mg"], told["correction"]["to_mg"]) == (95_000, 46_000)
    statement = books.ledger.transfers(member(me), 10, None).items
    assert [line.id for line in statement if line.kind == "correction"] == [told["correction"]["transfer_id"]]


def test_only_the_days_and_the_factor_that_are_named_are_concerned(books: Books, approved: Correction):
    me = ids.new_id(LONG_AGO)
    early, late = record(books, me, 1, hours=24 * 5), record(books, me, 1, hours=1)
    assert run(books, approved) == 0
    assert (found(books, early), found(books, late)) == (early, late)


def test_a_run_that_dies_after_any_write_is_finished_by_the_next(books: Books, approved: Correction):
    acts = [record(books, ids.new_id(LONG_AGO), 2) for _ in range(4)]
    transact, calls = books.ledger.dynamodb.transact, 0

    class Died(Exception):
        pass

    def dying(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        transact(*arguments)
        if calls == 2:
            raise Died

    books.ledger.dynamodb.transact = dying  # type: ignore[method-assign]
    with pytest.raises(Died):
        run(books, approved)
    books.ledger.dynamodb.transact = transact  # type: ignore[method-assign]
    run(books, approved)
    assert {found(books, act).credits_mg for act in acts} == {46_000}
    assert books.laboratory.close_correction(approved.id)["acts"] == 4
    assert audit(books.ledger).sound


def test_whoever_proposed_may_not_approve_and_an_approval_stands():
    with pytest.raises(ProposerMayNotApprove):
        approve(LOWER, "author", NOW)
    running = approve(LOWER, "approver", NOW)
    assert approve(running, "approver", NOW) == running
    with pytest.raises(CorrectionClosed):
        approve(running, "another", NOW)


def test_of_two_who_approve_at_once_one_is_told_it_is_closed(books: Books):
    books.laboratory.propose(LOWER)
    books.laboratory.start_correction(approve(LOWER, "one", NOW))
    with pytest.raises(CorrectionClosed):
        books.laboratory.start_correction(approve(LOWER, "two", NOW))
    standing = books.laboratory.correction(LOWER.id)
    assert standing
    assert standing.approved_by == "one"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"factor": "nobody@1"}, FactorUnknown),
        ({"replacement": "no-tableware-seed@1"}, FactorsDiffer),
        ({"replacement": "lights-off-seed@1"}, FactorsDiffer),
        (
            {"factor": "cycling-instead-of-car-seed@1", "replacement": "cycling-instead-of-car-ofo@1"},
            FactorsDiffer,
        ),
        ({"first": date(2026, 11, 21)}, NoSuchDay),
    ],
)
def test_what_cannot_be_corrected_so_is_refused(changes: dict[str, Any], error: type[Exception]):
    with pytest.raises(error):
        check(replace(LOWER, **changes))


def test_one_approval_sent_twice_does_not_bring_a_finished_correction_back(
    books: Books, approved: Correction
):
    books.laboratory.propose(LOWER)
    books.laboratory.start_correction(approved)
    books.laboratory.close_correction(approved.id)
    books.laboratory.start_correction(approved)
    standing = books.laboratory.correction(approved.id)
    assert standing
    assert (standing.status, standing.report is not None) == ("done", True)


def test_a_correction_that_stopped_says_so_until_it_is_done(books: Books, approved: Correction):
    books.laboratory.propose(LOWER)
    books.laboratory.stop_correction(LOWER.id)  # nothing runs yet: nothing stops
    books.laboratory.start_correction(approved)

    def told() -> dict[str, Any]:
        standing = books.laboratory.correction(approved.id)
        assert standing
        return corrections.shown(standing)

    assert "stopped" not in told()
    books.laboratory.stop_correction(approved.id)
    assert (told()["status"], told()["stopped"]) == ("running", True)
    run(books, approved)
    books.laboratory.close_correction(approved.id)
    assert told()["status"] == "done"
    assert "stopped" not in told()
    books.laboratory.stop_correction(approved.id)
    assert "stopped" not in told()


def test_a_factor_that_rises_lifts_no_act_over_its_own_caps(books: Books):
    act = record(books, ids.new_id(NOW - timedelta(days=60)), 2)
    capped = replace(act, record={**act.record, "caps": {"act:mg": 95_500, "day:acts": 1}})
    higher = replace(LOWER, factor="no-tableware-bj-least@1", replacement="no-tableware-seed@1")
    lower = replace(
        capped, record={**capped.record, "factors": ["no-tableware-bj-least@1"], "reduction_mg": 46_000}
    )
    assert corrections.new_mass(replace(lower, credits_mg=46_000), higher) == 95_000
    tight = replace(lower, credits_mg=46_000, record={**lower.record, "caps": {"act:mg": 60_000}})
    assert corrections.new_mass(tight, higher) == 60_000
