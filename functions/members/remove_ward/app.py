"""DELETE /me/wards/{member_id}: be a child's guardian no longer."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import guardians
from puhui.members.repository import Members

app = HttpFunction("remove-ward")
MEMBERS = Members.from_environment()


@app.operation("remove_ward", "DELETE", "/me/wards/{member_id}")
def remove_ward(request: Request) -> Answer:
    guardians.end_guardianship(request.member_id, request.path["member_id"], members=MEMBERS, now=request.now)
    return 204, None
