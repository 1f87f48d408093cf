"""Limits: exact under many at once, one write unit a count, nothing for those who guess right."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from puhui.kernel.errors import NotFound
from puhui.store import limits
from puhui.store.client import DynamoDB
from puhui.store.limits import Limit, Limits, RateLimited
from tests.architecture.test_budget_of_a_credited_act import Meter

NOW = datetime(2026, 11, 30, 4, 3, 20, tzinfo=UTC)


@pytest.fixture
def counters(make_table: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Limits:
    monkeypatch.setattr(limits, "LIMITS", {"few": Limit(10, 600, "a test"), "other": Limit(1, 600, "a test")})
    return Limits(DynamoDB(), make_table("limits"))


def spend(counters: Limits, subject: str = "m", now: datetime = NOW) -> bool:
    try:
        counters.spend("few", subject, now)
    except RateLimited:
        return False
    return True


def test_of_forty_calls_by_twenty_at_once_exactly_ten_pass(counters: Limits):
    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(lambda _: spend(counters), range(40))) == 10


def test_others_other_limits_and_the_next_window_are_their_own(counters: Limits):
    assert [spend(counters) for _ in range(11)] == [True] * 10 + [False]
    assert spend(counters, "n")
    counters.spend("other", "m", NOW)
    assert spend(counters, now=NOW + timedelta(minutes=10))


def test_whoever_is_refused_is_told_when_to_come_again(counters: Limits):
    counters.spend("other", "m", NOW)
    with pytest.raises(RateLimited) as caught:
        counters.spend("other", "m", NOW)
    assert caught.value.details["retry_after"] == 400
    assert not spend_again(counters, NOW + timedelta(seconds=399))
    assert spend_again(counters, NOW + timedelta(seconds=400))


def spend_again(counters: Limits, now: datetime) -> bool:
    try:
        counters.require("other", "m", now)
    except RateLimited:
        return False
    return True


def test_only_wrong_guesses_count_and_the_right_one_is_stopped_after_too_many(counters: Limits):
    for _ in range(30):
        with counters.guessing("few", "m", NOW, NotFound):
            pass
    for _ in range(10):
        with pytest.raises(NotFound), counters.guessing("few", "m", NOW, NotFound):
            raise NotFound
    with pytest.raises(RateLimited), counters.guessing("few", "m", NOW, NotFound):
        pytest.fail("tried all the same")


def test_a_count_is_one_small_write_and_a_right_guess_one_read(make_table: Callable[[str], str]):
    meter = Meter()
    counters = Limits(DynamoDB(meter), make_table("limits"))
    counters.spend("prepare_evidence", "0" * 26, NOW)
    with counters.guessing("coupon_guess", "0" * 26, NOW, NotFound):
        pass
    assert [operation for operation, _ in meter.sent] == ["UpdateItem", "GetItem"]


def test_a_counter_is_gone_soon_after_its_window(counters: Limits):
    spend(counters)
    window = int(NOW.timestamp()) // 600
    item = counters.dynamodb.get(counters.table, {"counted": f"few#m#{window}"})
    assert item is not None
    assert item["ends"] == (window + 1) * 600


def test_every_limit_says_why():
    assert all(limit.calls > 0 and limit.seconds > 0 and limit.why for limit in limits.LIMITS.values())
