"""GET /me/imports/{import_id}/activities: the acts of a history that came from elsewhere."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy.errors import ImportNotFound
from puhui.privacy.repository import Privacy
from puhui.store.wiring import cursors

app = HttpFunction("list-imported-activities")
PRIVACY = Privacy.from_environment()
CURSORS = cache(cursors)


@app.operation("list_imported_activities", "GET", "/me/imports/{import_id}/activities")
def list_imported_activities(request: Request) -> Answer:
    import_id = request.path["import_id"]
    if PRIVACY.imports.find(request.member_id, import_id) is None:
        raise ImportNotFound
    scope = f"imported:{request.member_id}:{import_id}"
    after = CURSORS().read_id(scope, request.query.get("cursor"))
    acts, last = PRIVACY.imports.acts(request.member_id, import_id, request.query["limit"], after)
    return {"items": [act.body() for act in acts], "next_cursor": CURSORS().write_id(scope, last)}
