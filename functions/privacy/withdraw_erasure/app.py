"""DELETE /me/erasure: keep my account after all."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy.repository import Privacy

app = HttpFunction("withdraw-erasure")
PRIVACY = Privacy.from_environment()


@app.operation("withdraw_erasure", "DELETE", "/me/erasure")
def withdraw_erasure(request: Request) -> Answer:
    return PRIVACY.erasures.withdraw(request.member_id, request.now).body()
