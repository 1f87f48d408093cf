"""PUT /me: change the nickname."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import usecases
from puhui.members.repository import Members
from puhui.store.limits import Limits
from puhui.wechat import api as wechat

app = HttpFunction("update-me")
MEMBERS, LIMITS = Members.from_environment(), Limits.from_environment()
WECHAT = cache(wechat.connect)


@app.operation("update_me", "PUT", "/me")
def update_me(request: Request) -> Answer:
    return usecases.update_me(
        request.member_id,
        request.body["nickname"],
        members=MEMBERS,
        wechat=WECHAT(),
        limits=LIMITS,
        now=request.now,
    ).shown(request.now)
