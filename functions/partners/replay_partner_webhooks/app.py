"""POST /data-partners/{partner_id}/webhook/replays: an operator has a data partner told again what happened in a span of time."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.partners.webhooks import usecases
from puhui.partners.webhooks.repository import Webhooks

app = HttpFunction("replay-partner-webhooks")
WEBHOOKS = Webhooks.from_environment()


@app.operation("replay_partner_webhooks", "POST", "/data-partners/{partner_id}/webhook/replays")
def replay_partner_webhooks(request: Request) -> Answer:
    span = clock.from_text(request.body["from"]), clock.from_text(request.body["to"])
    partner_id = request.path["partner_id"]
    return 202, usecases.span_body(usecases.replay(partner_id, *span, webhooks=WEBHOOKS, now=request.now))
