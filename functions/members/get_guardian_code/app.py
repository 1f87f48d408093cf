"""GET /me/guardian-code: the code by which a guardian takes a child in charge."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.members.codes import GUARDIAN, LIFE, Codes

app = HttpFunction("get-guardian-code")
CODES = cache(Codes.from_environment)


@app.operation("get_guardian_code", "GET", "/me/guardian-code")
def get_guardian_code(request: Request) -> Answer:
    code = CODES().write(GUARDIAN, request.member_id, request.now)
    return {"code": code, "expires_at": clock.to_text(request.now + LIFE)}
