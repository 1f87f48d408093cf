"""GET /me/wards/{member_id}/exports/{export_id}: how far is a child's export?"""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.privacy.repository import Privacy

app = HttpFunction("get-ward-export")
PRIVACY, MEMBERS = Privacy.from_environment(), members.Members.from_environment()


@app.operation("get_ward_export", "GET", "/me/wards/{member_id}/exports/{export_id}")
def get_ward_export(request: Request) -> Answer:
    child_id = request.path["member_id"]
    members.require_ward(request.member_id, child_id, request.now, members=MEMBERS)
    return PRIVACY.exports.find(child_id, request.path["export_id"]).body(request.now)
