"""GET /me: who am I?"""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.repository import Members

app = HttpFunction("get-me")
MEMBERS = Members.from_environment()


@app.operation("get_me", "GET", "/me")
def get_me(request: Request) -> Answer:
    return MEMBERS.find(request.member_id).shown(request.now)
