"""DELETE /me: erase my account, unless I take that back in time."""

import os

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy import machines
from puhui.privacy.erasures.model import WAITING, asked, require_fresh
from puhui.privacy.repository import Privacy

app = HttpFunction("erase-me")
PRIVACY = Privacy.from_environment()
GRACE_SECONDS = int(os.environ["ERASURE_GRACE_SECONDS"])


@app.operation("erase_me", "DELETE", "/me")
def erase_me(request: Request) -> Answer:
    require_fresh(request.session_id, request.now)
    erasure = PRIVACY.erasures.ask(asked(request.member_id, GRACE_SECONDS, request.now))
    if erasure.status == WAITING:
        machines.start_erasure(erasure)
    return 202, erasure.body()
