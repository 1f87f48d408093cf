"""POST /reviews/statements: a third party decides a batch by a signed statement, whose hash goes to the public log."""

from functools import cache

from puhui.activities.reviews import reversals, statements
from puhui.activities.reviews.model import Reviewer
from puhui.activities.tables import Tables
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import wiring
from puhui.journal.dynamo import Journal
from puhui.journal.usecases import anchor_record

app = HttpFunction("submit-review-statement")
TABLES, JOURNAL = Tables.from_environment(), Journal.from_environment()
PEPPER = cache(wiring.pepper)


@app.operation("submit_review_statement", "POST", "/reviews/statements")
def submit_review_statement(request: Request) -> Answer:
    body = request.body
    statement, items = statements.submit(
        Reviewer(request.member_id, request.org, request.scope),
        body["statement"],
        body["key_id"],
        body["signature"],
        reviews=TABLES.activities.reviews,
        effects=reversals.effects(TABLES, request.now),
        now=request.now,
    )
    anchored = anchor_record(
        statement.verifier,
        statement.sha256,
        f"reviews:{statement.batch}",
        journal=JOURNAL,
        pepper=PEPPER(),
        now=statement.received_at,
    )
    return {
        "batch": statement.batch,
        "sha256": statement.sha256,
        "entry_id": anchored["entry_id"],
        "items": items,
    }
