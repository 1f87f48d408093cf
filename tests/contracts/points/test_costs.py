"""What runs and reports read for a member, as the README says it: requests are counted, not timed."""

from collections import Counter
from typing import Any

from puhui.kernel import clock
from puhui.ledger.api import AUDIT_SHARDS
from puhui.points import expiry, reconciliation, usecases
from puhui.points.model import Job
from puhui.store.client import DynamoDB
from tests.contracts.points.conftest import NOW, P, Town


def counting(town: Town) -> Counter[str]:
    """The requests that are sent from now on, by operation and table."""
    send, count = town.dynamodb._call, Counter[str]()
    tables = {name: context for context, name in town.tables.items()}

    def call(service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        names = [request["TableName"]] if "TableName" in request else request.get("RequestItems", {})
        where = "+".join(sorted(tables[name] for name in names)) if names else "several"
        count[f"{operation} {where}"] += 1
        return send(service, operation, request)

    assert isinstance(town.dynamodb, DynamoDB)
    town.dynamodb._call = call
    return count


def test_a_forecast_is_one_read(town: Town):
    me = town.member(_2026_11=5)
    count = counting(town)
    usecases.forecast(me, P, points=town.points, ledger=town.ledger, now=NOW)
    assert count == {"BatchGetItem ledger+points": 1}


def test_a_run_reads_a_hundred_balances_at_once_and_writes_for_those_alone_that_are_due(town: Town):
    for _ in range(30):
        town.member(_2028_01=5)
    town.member(_2026_10=5)
    job = town.points.start_job(Job("2026-11-20", NOW.date()))
    count = counting(town)
    now = clock.from_text("2026-11-20T00:10:00+08:00")
    for shard in range(AUDIT_SHARDS):
        expiry.work_shard(job.id, shard, deps=town.deps(), now=now)
    assert count["BatchGetItem ledger"] <= AUDIT_SHARDS
    assert count["TransactWriteItems several"] == 1
    assert count["GetItem ledger"] == 2  # the one that is due, and once more to see that nothing is left


def test_a_report_reads_a_member_in_six_requests(town: Town):
    town.put()
    for _ in range(10):
        town.redeem(town.member(_2026_11=500))
    report = town.start_report()
    count = counting(town)
    deps = reconciliation.Dependencies(town.points, town.ledger, town.rewards)
    for shard in range(AUDIT_SHARDS):
        reconciliation.read_shard(report.id, shard, deps=deps)
    assert count["GetItem ledger"] == 10
    assert count["Query ledger"] == 2 * 10 + AUDIT_SHARDS
    assert count["Query rewards"] == 3 * 10
