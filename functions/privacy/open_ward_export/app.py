"""POST /me/wards/{member_id}/exports/{export_id}/link: the address of a child's export, once."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.privacy.exports import usecases
from puhui.privacy.exports.bucket import ExportBucket
from puhui.privacy.repository import Privacy

app = HttpFunction("open-ward-export")
PRIVACY, BUCKET = Privacy.from_environment(), ExportBucket.from_environment()
MEMBERS = members.Members.from_environment()


@app.operation("open_ward_export", "POST", "/me/wards/{member_id}/exports/{export_id}/link")
def open_ward_export(request: Request) -> Answer:
    child_id = request.path["member_id"]
    members.require_ward(request.member_id, child_id, request.now, members=MEMBERS)
    link = usecases.open_export(
        child_id,
        request.path["export_id"],
        request.idempotency_key,
        request.session_id,
        exports=PRIVACY.exports,
        bucket=BUCKET,
        now=request.now,
    )
    return 201, link
