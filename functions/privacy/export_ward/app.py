"""POST /me/wards/{member_id}/exports: a guardian has everything put together that is kept of a child."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.privacy import machines
from puhui.privacy.exports import usecases
from puhui.privacy.repository import Privacy
from puhui.store.limits import Limits

app = HttpFunction("export-ward")
PRIVACY, MEMBERS = Privacy.from_environment(), members.Members.from_environment()
LIMITS = cache(Limits.from_environment)


@app.operation("export_ward", "POST", "/me/wards/{member_id}/exports")
def export_ward(request: Request) -> Answer:
    child_id = request.path["member_id"]
    members.require_ward(request.member_id, child_id, request.now, members=MEMBERS)
    LIMITS().spend("export_me", child_id, request.now)
    export = usecases.export_me(
        child_id,
        request.idempotency_key,
        request.body_hash,
        exports=PRIVACY.exports,
        start=machines.start_export,
        now=request.now,
    )
    members.count_export(child_id, request.now, members=MEMBERS)
    return 202, export.body(request.now)
