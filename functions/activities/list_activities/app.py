"""GET /activities: the member's acts."""

from functools import cache

from puhui.activities import usecases
from puhui.activities.ports import Books
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.store import wiring

app = HttpFunction("list-activities")
BOOKS = Books.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_activities", "GET", "/activities")
def list_activities(request: Request) -> Answer:
    query = request.query
    page = usecases.list_activities(
        request.member_id,
        query.get("programme_id"),
        query["limit"],
        query.get("cursor"),
        books=BOOKS,
        cursors=CURSORS(),
    )
    return page.body(lambda activity: usecases.shown(activity, request.now), status=query.get("status"))
