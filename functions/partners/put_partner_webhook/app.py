"""PUT /data-partners/{partner_id}/webhook: where a data partner is told what became of its records."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.data_partners.api import DataPartners
from puhui.partners.webhooks import model, usecases
from puhui.partners.webhooks.repository import Webhooks
from puhui.partners.webhooks.wiring import sealer

app = HttpFunction("put-partner-webhook")
WEBHOOKS, PARTNERS = Webhooks.from_environment(), DataPartners.from_environment()


@app.operation("put_partner_webhook", "PUT", "/data-partners/{partner_id}/webhook")
def put_partner_webhook(request: Request) -> Answer:
    partner = PARTNERS.find(request.path["partner_id"])
    endpoint, is_new = usecases.put_endpoint(
        partner.id, request.body["url"], webhooks=WEBHOOKS, sealer=sealer(), now=request.now
    )
    return 201 if is_new else 200, model.body(endpoint, request.now)
