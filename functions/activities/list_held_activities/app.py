"""GET /held-activities: the acts of a programme that are to be settled."""

from functools import cache

from puhui.activities.settling import voiding
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import published
from puhui.programmes import api as programmes
from puhui.store import wiring

app = HttpFunction("list-held-activities")
published.from_environment()
ACTIVITIES = Activities.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_held_activities", "GET", "/held-activities")
def list_held_activities(request: Request) -> Answer:
    query = request.query
    programmes.require_scope(query["programme_id"], request.scope)
    page = voiding.list_held(
        query["programme_id"], query["limit"], query.get("cursor"), activities=ACTIVITIES, cursors=CURSORS()
    )
    return page.body(voiding.held_body)
