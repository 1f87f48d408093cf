"""POST /data-partners/{partner_id}/webhook/keys: a new key signs, beside the one before for a day."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.webhooks import model, usecases
from puhui.partners.webhooks.repository import Webhooks
from puhui.partners.webhooks.wiring import sealer

app = HttpFunction("add-partner-webhook-key")
WEBHOOKS = Webhooks.from_environment()


@app.operation("add_partner_webhook_key", "POST", "/data-partners/{partner_id}/webhook/keys")
def add_partner_webhook_key(request: Request) -> Answer:
    endpoint = usecases.add_key(
        request.path["partner_id"],
        by=request.member_id,
        key=request.idempotency_key,
        webhooks=WEBHOOKS,
        sealer=sealer(),
        now=request.now,
    )
    return 201, model.body(endpoint, request.now)
