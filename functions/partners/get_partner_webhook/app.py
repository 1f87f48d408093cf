"""GET /data-partners/{partner_id}/webhook: where a data partner is told things, by which keys, and how that fares."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners.webhooks import model, usecases
from puhui.partners.webhooks.repository import Webhooks

app = HttpFunction("get-partner-webhook")
WEBHOOKS = Webhooks.from_environment()


@app.operation("get_partner_webhook", "GET", "/data-partners/{partner_id}/webhook")
def get_partner_webhook(request: Request) -> Answer:
    return model.body(usecases.find(request.path["partner_id"], webhooks=WEBHOOKS), request.now)
