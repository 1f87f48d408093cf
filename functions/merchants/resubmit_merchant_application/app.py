"""PUT /merchants/{merchant_id}/application: resubmit after a refusal."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Members
from puhui.merchants.applications import applying
from puhui.merchants.dependencies import Dependencies
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.repositories import Merchants
from puhui.wechat import api as wechat

app = HttpFunction("resubmit-merchant-application")
DEPS = Dependencies(Merchants.from_environment(), Members.from_environment(), cache(wechat.connect))
STORE = DocumentBucket.from_environment()


@app.operation("resubmit_merchant_application", "PUT", "/merchants/{merchant_id}/application")
def resubmit_merchant_application(request: Request) -> Answer:
    submission = applying.Submission(request.member_id, request.body, None, request.body_hash)
    merchant = applying.resubmit(
        request.path["merchant_id"], submission, deps=DEPS, store=STORE, now=request.now
    )
    return {"id": merchant.id, "status": merchant.status}
