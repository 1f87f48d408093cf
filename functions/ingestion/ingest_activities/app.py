"""POST /partner/activities: records of a data partner, signed; as a batch of ours or of CloudEvents."""

import os

from puhui.edge import bodies
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ingestion import batches, model
from puhui.ingestion.tables import Tables
from puhui.methodologies import published
from puhui.partners.data_partners.api import sent, signer

app = HttpFunction("ingest-activities")
published.from_environment()
TABLES = Tables.from_environment()
BASE = os.environ["CALLBACK_BASE"]
EVENTS = "application/cloudevents-batch+json"


@app.operation("ingest_activities", "POST", "/partner/activities")
def ingest_activities(request: Request) -> Answer:
    partner = signer(sent(request, BASE), request.request_id, partners=TABLES.partners, now=request.now)
    items = request.body["items"]
    if bodies.kind_of(request.headers.get("content-type", "")) == EVENTS:
        records = model.records_of_events(partner.id, items)
    else:
        records = model.records_of(items)
    batch_id = request.body.get("batch_id", "")
    return batches.batch_body(batches.ingest(partner, batch_id, records, tables=TABLES, now=request.now))
