"""POST /rewards/{reward_id}/reports: report what became of a project's donations."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.merchants.api import Merchants
from puhui.rewards.catalogue import reports
from puhui.rewards.repositories import Rewards
from puhui.wechat import api as wechat

app = HttpFunction("report-project")
REWARDS, MERCHANTS = Rewards.from_environment(), Merchants.from_environment()
MEMBERS = members.Members.from_environment()
WECHAT = cache(wechat.connect)


@app.operation("report_project", "POST", "/rewards/{reward_id}/reports")
def report_project(request: Request) -> Answer:
    reward_id, body = request.path["reward_id"], request.body
    reports.require_reporter(
        reward_id, request.member_id, request.roles, rewards=REWARDS, merchants=MERCHANTS
    )
    text = "\n".join([*body["text"].values(), body.get("unit", "")])
    members.require_fit(text, request.member_id, members=MEMBERS, wechat=WECHAT())
    return 201, reports.report_project(
        reward_id,
        request.member_id,
        body,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        rewards=REWARDS,
        now=request.now,
    )
