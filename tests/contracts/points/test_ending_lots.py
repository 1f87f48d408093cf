"""Points whose month is over leave the account lot by lot, each once, whatever happens at the same time."""

from typing import Any

import pytest

from puhui.kernel.errors import Unavailable
from puhui.ledger.api import AUDIT_SHARDS, Leg, NotEnoughPoints, member
from puhui.points import expiry
from puhui.points.errors import JobNotFound
from puhui.points.model import Job
from tests.contracts.points.conftest import NOW, PTS, P, Town


@pytest.fixture(autouse=True)
def every_engine(engine: str) -> None:
    """Runs each test on each engine."""


def expired(town: Town, member_id: str) -> list[tuple[str, int]]:
    found = town.statement(member_id, "expire")
    assert len({transfer.id for transfer in found}) == len(found)
    return sorted((transfer.legs[0].lot, transfer.legs[1].amount) for transfer in found)


def test_what_ended_goes_and_what_can_be_spent_stays(town: Town):
    me = town.member(_2026_09=10, _2026_10=20, _2026_11=40, _9999_12=80)
    other = town.member(_2026_11=5)
    counts = town.run("2026-11-20")
    assert (counts["expired_lots"], counts["expired_points"]) == (2, 30)
    assert town.lots(me) == {"2026-11": 40, "9999-12": 80}
    assert expired(town, me) == [("2026-09", 10), ("2026-10", 20)]
    assert expired(town, other) == []
    assert town.run("2026-12-01")["expired_points"] == 45
    assert town.lots(me) == {"9999-12": 80}


def test_a_run_again_expires_nothing_again(town: Town):
    me = town.member(_2026_10=20)
    job = Job("2026-11-20", NOW.date())
    town.run("2026-11-20")
    town.work(job, "2026-11-20")
    town.run("2026-11-20", again="by hand")
    assert expired(town, me) == [("2026-10", 20)]
    assert town.points.close_job(job.id)["expired_points"] == 20


def test_points_that_come_back_into_an_ended_lot_expire_under_another_id(town: Town):
    me = town.member(_2026_10=100)
    town.run("2026-11-20")
    for times in range(1, 4):
        town.earn(me, 100, "2026-10", "refund")  # the same amount, so that only the id can tell them apart
        town.run("2026-11-20", again=f"run {times}")
        assert expired(town, me) == [("2026-10", 100)] * (times + 1)
        assert town.lots(me) == {}


def test_a_purchase_at_the_same_time_makes_it_read_again(town: Town):
    me = town.member(_2026_10=20, _2026_11=40)
    transact, bought = town.dynamodb.transact, 0

    def racing(*arguments: Any) -> None:
        nonlocal bought
        if not bought:
            bought = 1
            town.dynamodb.transact = transact  # type: ignore[method-assign]
            town.post("redemption", Leg(member(me), PTS, -30), Leg(f"retired:{P}", PTS, 30))
            town.earn(me, 7, "2026-10", "refund")
        transact(*arguments)

    town.dynamodb.transact = racing  # type: ignore[method-assign]
    counts = town.run("2026-11-20")
    assert town.lots(me) == {"2026-11": 10}
    assert expired(town, me) == [("2026-10", 27)]
    assert counts["expired_points"] == 27


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_run_that_dies_around_any_write_is_finished_by_the_next(town: Town, lost: str):
    members = [town.member(_2026_09=1, _2026_10=2) for _ in range(5)]
    transact, calls = town.dynamodb.transact, 0

    class Died(Exception):
        pass

    def dying(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3 and lost == "before":
            raise Died
        transact(*arguments)
        if calls == 3:
            raise Died

    job = town.points.start_job(Job("2026-11-20", NOW.date()))
    town.dynamodb.transact = dying  # type: ignore[method-assign]
    with pytest.raises(Died):
        town.work(job, "2026-11-20")
    town.dynamodb.transact = transact  # type: ignore[method-assign]
    town.work(job, "2026-11-20")
    assert all(expired(town, me) == [("2026-09", 1), ("2026-10", 2)] for me in members)
    counts = town.points.close_job(job.id)
    assert (counts["expired_lots"], counts["expired_points"]) == (10, 15)


def test_more_lots_than_fit_one_transaction(town: Town):
    lots = {f"_{2000 + n // 12}_{n % 12 + 1:02}": n + 1 for n in range(45)}
    me = town.member(**lots)
    assert town.run("2026-11-20")["expired_lots"] == 45
    assert town.lots(me) == {}


def test_a_shard_goes_on_where_it_stopped(town: Town):
    members = [town.member(_2026_10=2) for _ in range(20)]
    job = town.points.start_job(Job("2026-11-20", NOW.date()))
    last = max(member(each) for each in members)
    for shard in range(AUDIT_SHARDS):
        town.points.advance(job.id, shard, last, {})  # as if everybody before was done
    town.work(job, "2026-11-20")
    assert [each for each in members if town.lots(each) == {}] == [last.removeprefix("member:")]


def test_what_ended_cannot_be_spent_before_it_expires_either(town: Town):
    me = town.member(_2026_10=200)
    town.put()
    with pytest.raises(NotEnoughPoints):
        town.redeem(me)


def test_a_day_that_is_still_to_come_is_tried_out(town: Town):
    me = town.member(_2026_11=5)
    job = town.points.start_job(Job("2026-12-01", NOW.date().replace(month=12, day=1)))
    town.work(job, "2026-11-20")
    assert expired(town, me) == [("2026-11", 5)]


def test_a_lot_that_never_gets_empty_ends_the_run_with_an_error(tampered_town: Town):
    """Its balance was set back by hand: the transfer that ends the lot stands already, and the lot holds points again."""
    town = tampered_town
    me = town.member(_2026_10=20)
    place = town.ledger.balance_key(member(me), P)
    before = town.dynamodb.get(*place)
    assert before
    town.run("2026-11-20")
    town.dynamodb.put_all(place.table, [before])
    with pytest.raises(Unavailable):
        town.run("2026-11-20", again="by hand")
    assert expired(town, me) == [("2026-10", 20)]


def test_only_days_on_which_something_can_be_due_start_a_run(town: Town):
    def start(day: int, again: str = "") -> Job | None:
        return expiry.start(NOW.date().replace(day=day), again, asked=bool(again), points=town.points)

    assert [day for day in range(1, 31) if start(day)] == [1, 24, 25, 26, 27, 28, 29, 30]
    assert start(15, "by hand") == Job("2026-11-15-by hand", NOW.date().replace(day=15))
    assert start(24) == start(24)
    with pytest.raises(JobNotFound):
        expiry.work_shard("2026-11-02", 0, deps=town.deps(), now=NOW)


def test_a_run_that_stopped_says_so_until_it_is_done(town: Town):
    me = town.member(_2026_10=30)
    job = town.points.start_job(Job("2026-11-01", NOW.date().replace(day=1)))
    town.points.stop_job(job.id)
    stopped = town.points.job(job.id)
    assert (stopped and stopped.status, stopped and stopped.stopped) == ("running", True)
    town.work(job, "2026-11-20")
    town.points.close_job(job.id)
    town.points.stop_job(job.id)  # by a twin that comes late
    done = town.points.job(job.id)
    assert (done and done.status, done and done.stopped) == ("done", False)
    assert town.lots(me) == {}
