"""The simulation of a rush on DynamoDB's partitions: its token bucket is exact, its outcomes repeat, it sells the stock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.rewards.stock.model import shards_for
from tests.benchmarks import partitions
from tests.benchmarks.partitions import HOUSE, NEXT, NONE, RICHEST, Bucket, Design, Outcome, Rush, simulate

RUSH = Rush(pieces=300, requests_per_second=10_000, milliseconds=200)
QUEUE = Design(8, lanes=16, consumers=20)


def test_a_full_bucket_gives_one_seconds_units_at_once_and_not_one_more() -> None:
    bucket = Bucket(1_000)
    assert [bucket.take(0, 2) for _ in range(501)] == [True] * 500 + [False]


def test_a_unit_comes_back_each_millisecond() -> None:
    bucket = Bucket(1_000)
    assert bucket.take(0, 1_000)
    assert [bucket.take(ms, 2) for ms in range(1, 9)] == [False, True] * 4


def test_tokens_of_a_slow_partition_come_back_without_rounding() -> None:
    bucket = Bucket(3)
    assert bucket.take(0, 3)
    assert [ms for ms in range(1, 1_001) if bucket.take(ms, 1)] == [334, 667, 1_000]


def test_an_idle_bucket_saves_up_no_more_than_a_second() -> None:
    bucket = Bucket(1_000)
    assert bucket.holds(60_000, 1_000)
    assert not bucket.holds(60_000, 1_001)


def test_a_refusal_takes_nothing() -> None:
    bucket = Bucket(10)
    assert not bucket.take(0, 11)
    assert bucket.take(0, 10)
    assert bucket.units == 10


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 30)), max_size=60), st.integers(1, 40))
def test_no_bucket_ever_gives_more_than_a_second_at_once_and_its_rate_after(
    calls: list[tuple[int, int]], rate: int
) -> None:
    bucket, now, taken = Bucket(rate), 0, []
    for pause, units in calls:
        now += pause
        if bucket.take(now, units):
            taken.append((now, units))
    for first, (begin, _) in enumerate(taken):
        for last in range(first, len(taken)):
            given_out = sum(units for _, units in taken[first : last + 1])
            assert given_out * 1_000 <= rate * 1_000 + rate * (taken[last][0] - begin)
    assert bucket.units == sum(units for _, units in taken)


def test_a_unit_of_each_is_all_or_nothing() -> None:
    full, empty = Bucket(1), Bucket(1)
    assert empty.take(0, 1)
    assert partitions.take_each([full, empty], 0) is empty
    assert full.holds(0, 1)
    assert partitions.take_each([full, empty], 1_000) is None
    assert not full.holds(1_000, 1)
    assert not empty.holds(1_000, 1)


def test_the_busiest_second_is_a_second_of_the_clock() -> None:
    bucket = Bucket(10)
    for at in (0, 500, 999, 1_000, 1_999):
        assert bucket.take(at, 3)
    assert bucket.busiest == 9


designs = st.builds(
    Design,
    st.integers(1, 12),
    st.sampled_from([NONE, NEXT, RICHEST, HOUSE]),
    lanes=st.sampled_from([0, 1, 7]),
    consumers=st.integers(1, 30),
    processes=st.integers(1, 50),
    partitions=st.sampled_from([0, 0, 3]),
    hold_ms=st.sampled_from([0, 5]),
    terms_item=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(designs, st.integers(0, 400), st.integers(0, 99))
def test_exactly_the_stock_is_sold_and_everybody_is_answered_once(
    design: Design, pieces: int, seed: int
) -> None:
    rush = Rush(pieces, 3_000, 100, seed)
    members, _ = partitions.arrivals(rush)
    out = simulate(rush, design)
    assert out.sold + out.refused == len(members)
    assert out.sold <= pieces
    if design.rebalancing != NONE:
        assert out.sold == min(pieces, len(members))
        assert out.refused_early == 0


@pytest.mark.parametrize("design", [Design(5), QUEUE])
def test_the_same_seed_gives_the_same_outcome_and_another_seed_another(design: Design) -> None:
    other = Rush(RUSH.pieces, RUSH.requests_per_second, RUSH.milliseconds, RUSH.seed + 1)
    assert simulate(RUSH, design) == simulate(RUSH, design)
    assert simulate(RUSH, design) != simulate(other, design)


def test_without_rebalancing_members_are_refused_while_pieces_remain() -> None:
    assert simulate(RUSH, Design(64, NONE)).refused_early > 0
    assert simulate(RUSH, Design(64, HOUSE)).refused_early == 0


def test_one_item_alone_sells_as_fast_as_its_partition_writes() -> None:
    out = simulate(Rush(1_000, 100_000, 20), Design(1, NEXT, rate=100))
    # 100 units are there at once, 100 come back a second, a sale takes two: the last of 1,000 pieces after 19 s.
    assert out.sold_out_ms == pytest.approx(19_000, abs=30)
    assert out.throttled > out.sold


def test_lanes_spread_the_tickets_whatever_the_number_of_shards() -> None:
    def hottest(lanes: int) -> Outcome:
        return simulate(RUSH, Design(8, lanes=lanes, consumers=20, rate=100))

    assert hottest(40).throttled < hottest(4).throttled
    assert hottest(40).hottest_ppm < hottest(4).hottest_ppm


def test_a_tenth_of_everything_has_the_same_ratios() -> None:
    rush, design = Rush(2_000, 20_000), Design(2, NEXT)
    whole, tenth = partitions.row(rush, design), partitions.row(rush, design, tenth=True)
    assert tenth["sold"] == whole["sold"] == 2_000
    assert tenth["sold out, s"] == pytest.approx(whole["sold out, s"], abs=0.03)
    assert tenth["hottest item"] == pytest.approx(whole["hottest item"], rel=0.05)


def test_the_houses_rule_leaves_the_hottest_partition_some_room() -> None:
    least = partitions.smallest(partitions.SERVED, partitions.STOCK_UNITS)
    assert (
        partitions.SERVED * partitions.STOCK_UNITS / partitions.WRITE_UNITS
        < least
        < shards_for(partitions.SERVED)
    )


def test_the_table_runs_what_the_decision_quotes() -> None:
    todo = partitions.rows()
    assert len(todo) == len(set(todo))
    for shards in (1, 512):
        assert f"straight, rebalanced, {shards} shards" in todo
        assert f"queue, 400 lanes, {shards} shards" in todo
