"""POST /sessions: sign in with WeChat."""

from functools import cache

from puhui.activities import memberships  # its api would load the ledger as well
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import usecases, wiring
from puhui.members.repository import Members
from puhui.programmes import api as programmes
from puhui.store.limits import Limits
from puhui.wechat import api as wechat

app = HttpFunction("sign-in")
MEMBERS = Members.from_environment()
MEMBERSHIPS, LIMITS = memberships.Memberships.from_environment(), Limits.from_environment()
WECHAT, ISSUER = cache(wechat.connect), cache(wiring.issuer)


@app.operation("sign_in", "POST", "/sessions")
def sign_in(request: Request) -> Answer:
    programme_id = request.body.get("programme_id")
    if programme_id:
        programmes.programme(programme_id)
    signed_in = usecases.sign_in(
        request.body["code"],
        request.address,
        members=MEMBERS,
        wechat=WECHAT(),
        issuer=ISSUER(),
        limits=LIMITS,
        now=request.now,
    )
    if programme_id:
        memberships.join_at_sign_in(
            signed_in.member.id, programme_id, memberships=MEMBERSHIPS, now=request.now
        )
    return 201, {**signed_in.body(), "member": signed_in.member.body()}
