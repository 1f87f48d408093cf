"""POST /reports: put together what a programme owes in points, and reconcile it with rewards and sponsors' budgets."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import AUDIT_SHARDS
from puhui.points import reconciliation
from puhui.points.dynamo import Points
from puhui.rewards.catalogue.listing import Listing
from puhui.rewards.repositories import Rewards
from puhui.store import states

app = HttpFunction("start-report")
POINTS, LISTING = Points.from_environment(), Listing.from_environment()
REWARDS = Rewards.from_environment()
STATE_MACHINE = os.environ["REPORT_STATE_MACHINE"]


@app.operation("start_report", "POST", "/reports")
def start_report(request: Request) -> Answer:
    report = reconciliation.start(
        request.body["programme_id"],
        started_by=request.member_id,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        points=POINTS,
        offers=LISTING,
        rewards=REWARDS,
        now=request.now,
    )
    states.start_again(STATE_MACHINE, report.id, states.shards(report.id, AUDIT_SHARDS))
    return 202, report.shown()
