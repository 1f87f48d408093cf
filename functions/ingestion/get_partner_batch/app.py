"""GET /partner/batches/{batch_id}: what has become of a batch by now, signed."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ingestion import batches
from puhui.ingestion.tables import Tables
from puhui.partners.data_partners.api import sent, signer

app = HttpFunction("get-partner-batch")
TABLES = Tables.from_environment()
BASE = os.environ["CALLBACK_BASE"]


@app.operation("get_partner_batch", "GET", "/partner/batches/{batch_id}")
def get_partner_batch(request: Request) -> Answer:
    partner = signer(sent(request, BASE), request.request_id, partners=TABLES.partners, now=request.now)
    batch = batches.get_batch(partner, request.path["batch_id"], tables=TABLES, now=request.now)
    return batches.batch_body(batch)
