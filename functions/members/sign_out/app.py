"""DELETE /sessions/current: end this sign-in; the answer has the time until which its access token still works."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.members.repository import Members

app = HttpFunction("sign-out")
MEMBERS = Members.from_environment()


@app.operation("sign_out", "DELETE", "/sessions/current")
def sign_out(request: Request) -> Answer:
    MEMBERS.sign_ins.end(request.session_id)
    return {"access_token_valid_until": clock.to_text(request.token_expires_at or request.now)}
