"""PUT /merchants/{merchant_id}/branches/{branch_id}: create or change a branch."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Members
from puhui.merchants.dependencies import Dependencies
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff
from puhui.merchants.staff.model import Branch
from puhui.wechat import api as wechat

app = HttpFunction("put-branch")
DEPS = Dependencies(Merchants.from_environment(), Members.from_environment(), cache(wechat.connect))


@app.operation("put_branch", "PUT", "/merchants/{merchant_id}/branches/{branch_id}")
def put_branch(request: Request) -> Answer:
    path, body = request.path, request.body
    branch = Branch(
        path["branch_id"], path["merchant_id"], body["name"], body["address"], body["region"], body["open"]
    )
    return staff.put_branch(branch, request.member_id, deps=DEPS).body()
