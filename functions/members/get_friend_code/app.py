"""GET /me/friend-code: the code by which others become one's friends."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.members.codes import FRIEND, LIFE, Codes

app = HttpFunction("get-friend-code")
CODES = cache(Codes.from_environment)


@app.operation("get_friend_code", "GET", "/me/friend-code")
def get_friend_code(request: Request) -> Answer:
    code = CODES().write(FRIEND, request.member_id, request.now)
    return {"code": code, "expires_at": clock.to_text(request.now + LIFE)}
