"""GET /activities/{activity_id}: one act."""

from puhui.activities import usecases
from puhui.activities.ports import Books
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("get-activity")
BOOKS = Books.from_environment()


@app.operation("get_activity", "GET", "/activities/{activity_id}")
def get_activity(request: Request) -> Answer:
    activity = usecases.get_activity(request.member_id, request.path["activity_id"], books=BOOKS)
    return usecases.shown(activity, request.now)
