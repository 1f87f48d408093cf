"""POST /merchants: apply to become an alliance merchant."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Members
from puhui.merchants import usecases
from puhui.merchants.dynamo import Merchants
from puhui.merchants.files import DocumentBucket
from puhui.merchants.ports import Desk
from puhui.wechat import api as wechat

app = HttpFunction("apply-as-merchant")
DESK = Desk(Merchants.from_environment(), Members.from_environment(), cache(wechat.connect))
STORE = DocumentBucket.from_environment()


@app.operation("apply_as_merchant", "POST", "/merchants")
def apply_as_merchant(request: Request) -> Answer:
    command = usecases.HandIn(request.member_id, request.body, request.idempotency_key, request.body_hash)
    merchant_id = usecases.apply_as_merchant(command, desk=DESK, store=STORE, now=request.now)
    return 201, {"id": merchant_id, "status": "applied"}
