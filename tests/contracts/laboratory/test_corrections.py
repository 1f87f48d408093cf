"""A corrected factor: each act concerned is corrected once, in one transaction, and the sums agree."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from puhui.activities.acts.model import Activity
from puhui.activities.reading import explain_activity
from puhui.activities.recording import RecordActivity, record_activity
from puhui.activities.tables import Activities
from puhui.activities.tables import Tables as Acts
from puhui.kernel import clock, ids
from puhui.kernel.approvals import ProposerMayNotApprove
from puhui.laboratory import corrections
from puhui.laboratory.corrections import Tables, approve, check, correct_shard
from puhui.laboratory.errors import (
    CorrectionClosed,
    FactorsDiffer,
    FactorUnknown,
    NoSuchDay,
)
from puhui.laboratory.model import Correction
from puhui.laboratory.repository import Laboratory
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
def tables(engine: str, make_table: Callable[[str], str]) -> Tables:
    dynamodb = DynamoDB()
    return Tables(
        Activities(dynamodb, make_table("activities")),
        Ledger(dynamodb, make_table("ledger")),
        Laboratory(dynamodb, make_table("laboratory")),
    )


def record(
    tables: Tables, member_id: str, orders: int, *, hours: int = 24, behaviour: str = "no_tableware"
) -> Activity:
    quantity = {"orders": orders} if behaviour == "no_tableware" else {"distance_m": orders}
    at = NOW - timedelta(hours=hours)
    command = RecordActivity(member_id, "carbon-88", behaviour, at, quantity, (), None, "hash")
    return record_activity(command, tables=Acts(tables.activities, tables.ledger), now=NOW)


def run(tables: Tables, correction: Correction) -> int:
    return sum(correct_shard(correction, shard, tables=tables, now=NOW) for shard in range(AUDIT_SHARDS))


@pytest.fixture
def approved() -> Correction:
    return approve(LOWER, "approver", NOW)


def found(tables: Tables, act: Activity) -> Activity:
    again = tables.activities.acts.find(act.member_id, act.id)
    assert again
    return again


def test_too_much_goes_back_and_whole_points_with_it(tables: Tables, approved: Correction):
    tables.laboratory.corrections.add(LOWER)
    me = ids.new_id(LONG_AGO)
    act, other = record(tables, me, 2), record(tables, me, 4000, behaviour="cycling", hours=30)
    assert (act.credits_mg, act.points) == (95_000, 95)
    assert run(tables, approved) == 1
    corrected = found(tables, act)
    assert (corrected.credits_mg, corrected.points) == (46_000, 46)  # 2 orders of 23 g
    assert found(tables, other) == other
    assert audit(tables.ledger).sound
    assert run(tables, approved) == 0
    assert tables.laboratory.corrections.sum_up(approved.id) == {
        "acts": 1,
        "more_mg": 0,
        "less_mg": 49_000,
        "points": -49,
        "missing_points": 0,
    }


def test_too_little_is_credited_as_any_act_is(tables: Tables):
    higher = approve(
        replace(LOWER, factor="no-tableware-bj-least@1", replacement="no-tableware-seed@1"), "approver", NOW
    )
    me = ids.new_id(LONG_AGO)
    act = record(tables, me, 2)
    lower = approve(LOWER, "approver", NOW)
    assert run(tables, lower) == 1
    # The act was corrected once: another correction of it is another matter, for a person.
    assert run(tables, higher) == 0
    fresh = replace(
        act,
        record={**act.record, "factors": ["no-tableware-bj-least@1"], "reduction_mg": 46_000},
        credits_mg=46_000,
    )
    mass = corrections.new_mass(fresh, higher)
    assert mass == 95_000


def test_points_that_were_spent_are_not_taken_and_nobody_goes_below_zero(
    tables: Tables, approved: Correction
):
    tables.laboratory.corrections.add(LOWER)
    me = ids.new_id(LONG_AGO)
    act = record(tables, me, 2)
    spent = Transfer(
        ids.new_id(LONG_AGO),
        "redemption",
        NOW,
        (Leg(member(me), points("carbon-88"), -80), Leg("retired:carbon-88", points("carbon-88"), 80)),
    )
    post_transfer(spent, ledger=tables.ledger, now=NOW)
    assert run(tables, approved) == 1
    assert tables.ledger.balance(member(me), "carbon-88").points(DAY) == 0
    assert (found(tables, act).credits_mg, found(tables, act).points) == (46_000, 80)
    report = tables.laboratory.corrections.sum_up(approved.id)
    assert (report["points"], report["missing_points"]) == (-15, 34)
    assert audit(tables.ledger).sound


def test_the_member_is_told_what_changed_and_why(tables: Tables, approved: Correction):
    me = ids.new_id(LONG_AGO)
    act = record(tables, me, 2)
    run(tables, approved)
    told = explain_activity(me, act.id, activities=tables.activities)
    assert (told["credits_mg"], told["points"]) == (46_000, 46)
    assert told["computation"]["reduction_mg"] == 46_000
    assert [each["id"] for each in told["factors"]] == ["no-tableware-bj-least"]
    assert "avoids 46 g" in told["sentence"]["en"]
    assert f"({LOWER.reason}); before, 95 g were credited" in told["sentence"]["en"]
    assert f"（{LOWER.reason}），更正前计入 95 克" in told["sentence"]["zh-CN"]
    assert told["correction"]["reason"] == LOWER.reason
    assert check_explanation(json.dumps(told).encode(), None).credits_mg == 46_000
    assert (told["correction"]["from_mg"], told["correction"]["to_mg"]) == (95_000, 46_000)
    statement = tables.ledger.transfers(member(me), 10, None).items
    assert [line.id for line in statement if line.kind == "correction"] == [told["correction"]["transfer_id"]]


def test_only_the_days_and_the_factor_that_are_named_are_concerned(tables: Tables, approved: Correction):
    me = ids.new_id(LONG_AGO)
    early, late = record(tables, me, 1, hours=24 * 5), record(tables, me, 1, hours=1)
    assert run(tables, approved) == 0
    assert (found(tables, early), found(tables, late)) == (early, late)


def test_a_run_that_dies_after_any_write_is_finished_by_the_next(tables: Tables, approved: Correction):
    acts = [record(tables, ids.new_id(LONG_AGO), 2) for _ in range(4)]
    transact, calls = tables.ledger.dynamodb.transact, 0

    class Died(Exception):
        pass

    def dying(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        transact(*arguments)
        if calls == 2:
            raise Died

    tables.ledger.dynamodb.transact = dying  # type: ignore[method-assign]
    with pytest.raises(Died):
        run(tables, approved)
    tables.ledger.dynamodb.transact = transact  # type: ignore[method-assign]
    run(tables, approved)
    assert {found(tables, act).credits_mg for act in acts} == {46_000}
    assert tables.laboratory.corrections.sum_up(approved.id)["acts"] == 4
    assert audit(tables.ledger).sound


def test_whoever_proposed_may_not_approve_and_an_approval_stands():
    with pytest.raises(ProposerMayNotApprove):
        approve(LOWER, "author", NOW)
    running = approve(LOWER, "approver", NOW)
    assert approve(running, "approver", NOW) == running
    with pytest.raises(CorrectionClosed):
        approve(running, "another", NOW)


def test_of_two_who_approve_at_once_one_is_told_it_is_closed(tables: Tables):
    tables.laboratory.corrections.add(LOWER)
    tables.laboratory.corrections.approve(approve(LOWER, "one", NOW))
    with pytest.raises(CorrectionClosed):
        tables.laboratory.corrections.approve(approve(LOWER, "two", NOW))
    standing = tables.laboratory.corrections.find(LOWER.id)
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
    tables: Tables, approved: Correction
):
    tables.laboratory.corrections.add(LOWER)
    tables.laboratory.corrections.approve(approved)
    tables.laboratory.corrections.sum_up(approved.id)
    tables.laboratory.corrections.approve(approved)
    standing = tables.laboratory.corrections.find(approved.id)
    assert standing
    assert (standing.status, standing.report is not None) == ("done", True)


def test_a_correction_that_stopped_says_so_until_it_is_done(tables: Tables, approved: Correction):
    tables.laboratory.corrections.add(LOWER)
    tables.laboratory.corrections.stop(LOWER.id)  # nothing runs yet: nothing stops
    tables.laboratory.corrections.approve(approved)

    def told() -> dict[str, Any]:
        standing = tables.laboratory.corrections.find(approved.id)
        assert standing
        return corrections.correction_body(standing)

    assert "stopped" not in told()
    tables.laboratory.corrections.stop(approved.id)
    assert (told()["status"], told()["stopped"]) == ("running", True)
    run(tables, approved)
    tables.laboratory.corrections.sum_up(approved.id)
    assert told()["status"] == "done"
    assert "stopped" not in told()
    tables.laboratory.corrections.stop(approved.id)
    assert "stopped" not in told()


def test_a_factor_that_rises_lifts_no_act_over_its_own_caps(tables: Tables):
    act = record(tables, ids.new_id(NOW - timedelta(days=60)), 2)
    capped = replace(act, record={**act.record, "caps": {"act:mg": 95_500, "day:acts": 1}})
    higher = replace(LOWER, factor="no-tableware-bj-least@1", replacement="no-tableware-seed@1")
    lower = replace(
        capped, record={**capped.record, "factors": ["no-tableware-bj-least@1"], "reduction_mg": 46_000}
    )
    assert corrections.new_mass(replace(lower, credits_mg=46_000), higher) == 95_000
    tight = replace(lower, credits_mg=46_000, record={**lower.record, "caps": {"act:mg": 60_000}})
    assert corrections.new_mass(tight, higher) == 60_000
