"""POST /merchant/documents: announce a document and get the address to upload it to."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.merchants.documents.announcing import prepare_document
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.repositories import Merchants
from puhui.store.limits import Limits

app = HttpFunction("prepare-merchant-document")
MERCHANTS = Merchants.from_environment()
LIMITS = Limits.from_environment()
STORE = DocumentBucket.from_environment()


@app.operation("prepare_merchant_document", "POST", "/merchant/documents")
def prepare_merchant_document(request: Request) -> Answer:
    LIMITS.spend("prepare_merchant_document", request.member_id, request.now)
    document, upload, expires_at = prepare_document(
        request.member_id,
        request.body,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        merchants=MERCHANTS,
        store=STORE,
        now=request.now,
    )
    return 201, {"document_id": document.id, "upload": upload, "expires_at": clock.to_text(expires_at)}
