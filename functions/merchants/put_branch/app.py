"""PUT /merchants/{merchant_id}/branches/{branch_id}: make a branch or change it."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Members
from puhui.merchants import staff
from puhui.merchants.dynamo import Merchants
from puhui.merchants.model import Branch
from puhui.merchants.ports import Desk
from puhui.wechat import api as wechat

app = HttpFunction("put-branch")
DESK = Desk(Merchants.from_environment(), Members.from_environment(), cache(wechat.connect))


@app.operation("put_branch", "PUT", "/merchants/{merchant_id}/branches/{branch_id}")
def put_branch(request: Request) -> Answer:
    path, body = request.path, request.body
    branch = Branch(
        path["branch_id"], path["merchant_id"], body["name"], body["address"], body["region"], body["open"]
    )
    return staff.put_branch(branch, request.member_id, desk=DESK).shown()
