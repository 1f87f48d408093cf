"""GET /rewards/{reward_id}/reports: what became of a project's donations."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.catalogue import reports
from puhui.rewards.repositories import Rewards
from puhui.store import wiring

app = HttpFunction("list-project-reports")
REWARDS = Rewards.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_project_reports", "GET", "/rewards/{reward_id}/reports")
def list_project_reports(request: Request) -> Answer:
    page = reports.list_reports(
        request.path["reward_id"],
        request.query["limit"],
        request.query.get("cursor"),
        rewards=REWARDS,
        cursors=CURSORS(),
    )
    return page.body(reports.report_body)
