"""GET /activities/{activity_id}/explanation: why this number."""

from puhui.activities import usecases
from puhui.activities.ports import Books
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published

app = HttpFunction("explain-activity")
published.from_environment()
BOOKS = Books.from_environment()


@app.operation("explain_activity", "GET", "/activities/{activity_id}/explanation")
def explain_activity(request: Request) -> Answer:
    return usecases.explain_activity(request.member_id, request.path["activity_id"], books=BOOKS)
