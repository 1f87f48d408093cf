"""DELETE /me/wards/{member_id}/account: a guardian has a child's account erased, unless that is taken back in time."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.privacy import machines
from puhui.privacy.erasures.model import WAITING, asked, require_fresh
from puhui.privacy.repository import Privacy

app = HttpFunction("erase-ward")
PRIVACY, MEMBERS = Privacy.from_environment(), members.Members.from_environment()
GRACE_SECONDS = int(os.environ["ERASURE_GRACE_SECONDS"])


@app.operation("erase_ward", "DELETE", "/me/wards/{member_id}/account")
def erase_ward(request: Request) -> Answer:
    child_id = request.path["member_id"]
    members.require_ward(request.member_id, child_id, request.now, members=MEMBERS)
    require_fresh(request.session_id, request.now)
    erasure = PRIVACY.erasures.ask(asked(child_id, GRACE_SECONDS, request.now))
    if erasure.status == WAITING:
        machines.start_erasure(erasure)
    return 202, erasure.body()
