"""POST /merchants: apply to become an alliance merchant."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Members
from puhui.merchants.applications import applying
from puhui.merchants.dependencies import Dependencies
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.repositories import Merchants
from puhui.wechat import api as wechat

app = HttpFunction("apply-as-merchant")
DEPS = Dependencies(Merchants.from_environment(), Members.from_environment(), cache(wechat.connect))
STORE = DocumentBucket.from_environment()


@app.operation("apply_as_merchant", "POST", "/merchants")
def apply_as_merchant(request: Request) -> Answer:
    submission = applying.Submission(
        request.member_id, request.body, request.idempotency_key, request.body_hash
    )
    merchant_id = applying.apply_as_merchant(submission, deps=DEPS, store=STORE, now=request.now)
    return 201, {"id": merchant_id, "status": "applied"}
