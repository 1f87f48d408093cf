"""PUT /merchants/{merchant_id}/profile: a certified merchant's new description and pictures."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Members
from puhui.merchants import usecases
from puhui.merchants.dynamo import Merchants
from puhui.merchants.files import DocumentBucket
from puhui.merchants.ports import Desk
from puhui.wechat import api as wechat

app = HttpFunction("revise-merchant")
DESK = Desk(Merchants.from_environment(), Members.from_environment(), cache(wechat.connect))
STORE = DocumentBucket.from_environment()


@app.operation("revise_merchant", "PUT", "/merchants/{merchant_id}/profile")
def revise_merchant(request: Request) -> Answer:
    command = usecases.HandIn(request.member_id, request.body, None, request.body_hash)
    merchant = usecases.revise(request.path["merchant_id"], command, desk=DESK, store=STORE, now=request.now)
    return {"id": merchant.id, "status": merchant.status}
