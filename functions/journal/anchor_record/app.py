"""POST /journal/anchors: a partner's own record, by its digest."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import usecases, wiring
from puhui.journal.dynamo import Journal

app = HttpFunction("anchor-record")
JOURNAL = Journal.from_environment()
PEPPER = cache(wiring.pepper)


@app.operation("anchor_record", "POST", "/journal/anchors")
def anchor_record(request: Request) -> Answer:
    digest = request.body["digest"]
    anchored = usecases.anchor_record(
        request.member_id,
        digest,
        request.idempotency_key or digest,
        journal=JOURNAL,
        pepper=PEPPER(),
        now=request.now,
    )
    return 202, anchored
