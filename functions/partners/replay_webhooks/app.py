"""POST /partner/webhooks/replays: a data partner is told again what happened in a span of time."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.partners.data_partners.api import DataPartners, sent, signer
from puhui.partners.webhooks import usecases
from puhui.partners.webhooks.repository import Webhooks

app = HttpFunction("replay-webhooks")
WEBHOOKS, PARTNERS = Webhooks.from_environment(), DataPartners.from_environment()
BASE = os.environ["CALLBACK_BASE"]


@app.operation("replay_webhooks", "POST", "/partner/webhooks/replays")
def replay_webhooks(request: Request) -> Answer:
    partner = signer(sent(request, BASE), request.request_id, partners=PARTNERS, now=request.now)
    span = clock.from_text(request.body["from"]), clock.from_text(request.body["to"])
    return 202, usecases.span_body(usecases.replay(partner.id, *span, webhooks=WEBHOOKS, now=request.now))
