"""GET /journal/receipts/{entry_id}: what shows, off line, that an entry is in the log."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import usecases, wiring

app = HttpFunction("get-receipt")
READER = wiring.reader()


@app.operation("get_receipt", "GET", "/journal/receipts/{entry_id}")
def get_receipt(request: Request) -> Answer:
    return 200, usecases.get_receipt(request.path["entry_id"], READER)
