"""POST /sessions/refresh: new tokens for a refresh token."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import usecases, wiring
from puhui.members.repository import Members

app = HttpFunction("refresh-session")
MEMBERS = Members.from_environment()
ISSUER = cache(wiring.issuer)


@app.operation("refresh_session", "POST", "/sessions/refresh")
def refresh_session(request: Request) -> Answer:
    return usecases.refresh(
        request.body["refresh_token"], members=MEMBERS, issuer=ISSUER(), now=request.now
    ).body()
