"""A rush on two rewards of two programmes while Lambda workers are killed: exactly the stock is given out, nobody loses a point.

The full size is in tests/benchmarks/bench_rush.py.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.scenarios.life import Member
from tests.support.rush import Offer, Plan, Rush, Workers

pytestmark = [pytest.mark.local_cloud, pytest.mark.alone, pytest.mark.timeout(400)]

linux = pytest.mark.skipif(not Workers.can_be_found(), reason="workers are found through /proc")
QUEUE: dict[str, Any] = {"shards": 4, "queue_lanes": 4}
STRAIGHT = Plan(
    [Offer("carbon-88", 500, 12, {"shards": 4}), Offer("green-passport-3060", 10, 12, {"shards": 4})],
    members=12,
    clients=8,
    requests=80,
)
QUEUED = Plan(
    [
        Offer("carbon-88", 500, 10, {**QUEUE, "partner_id": "demo-partner"}),
        Offer("green-passport-3060", 10, 10, QUEUE),
    ],
    members=12,
    clients=8,
    requests=60,
)


@pytest.mark.parametrize("plan", [STRAIGHT, QUEUED], ids=["straight through", "queue and partner"])
def test_a_rush_gives_out_exactly_the_stock_whichever_workers_die(local_cloud: Any, plan: Plan) -> None:
    report = Rush(local_cloud, plan).play()
    assert report.findings == [], report.shown()
    assert report.ended["fulfilled"] == sum(offer.stock for offer in plan.offers)
    assert report.killed or not Workers.can_be_found()


@linux
def test_a_worker_that_was_killed_is_replaced_and_nobody_notices(local_cloud: Any, api: Any) -> None:
    member, workers = Member(api), Workers(local_cloud.url)
    member.points()
    (old,) = [pid for pid, _ in workers.of(["get-balances"])][:1]
    assert workers.kill(old)
    _until_gone(workers, old, "get-balances")
    assert member.points() == 0
    assert old not in [pid for pid, _ in workers.of(["get-balances"])]


@linux
def test_workers_that_are_killed_while_they_start_or_work_cost_their_own_requests_only(
    local_cloud: Any, api: Any
) -> None:
    """Mended in infra/local/mended_ministack.py (4): one that died took all others of its function with it."""
    member, workers = Member(api), Workers(local_cloud.url)
    member.points()

    def kill() -> int:
        killed = 0
        for _ in range(20):
            killed += sum(workers.kill(pid) for pid, _ in workers.of(["get-balances"])[:1])
            time.sleep(0.1)
        return killed

    with ThreadPoolExecutor(7) as pool:
        killer = pool.submit(kill)
        answers = list(pool.map(lambda _: member.request("GET", "/me/balances"), range(60)))
        killed = killer.result()
    assert {answer.status_code for answer in answers} <= {200, 502}
    # One that a busy machine keeps waiting for longer than its function may take was not killed by us.
    lost = [answer for answer in answers if answer.status_code == 502 and "timed out" not in answer.text]
    assert len(lost) <= killed
    assert killed
    assert member.points() == 0


def _until_gone(workers: Workers, pid: int, function: str) -> None:
    deadline = time.monotonic() + 10
    while pid in [each for each, _ in workers.of([function])]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.2)  # its memory is gone first, and only then can its starter see that it ended
