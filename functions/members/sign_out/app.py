"""DELETE /sessions/current: end this sign-in; its access token dies of age."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.dynamo import Members

app = HttpFunction("sign-out")
MEMBERS = Members.from_environment()


@app.operation("sign_out", "DELETE", "/sessions/current")
def sign_out(request: Request) -> Answer:
    MEMBERS.end_family(request.session_id)
    return 204, None
