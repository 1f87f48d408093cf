"""POST /me/exports: put together everything that is kept of me."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy import machines
from puhui.privacy.exports import usecases
from puhui.privacy.repository import Privacy
from puhui.store.limits import Limits

app = HttpFunction("export-me")
PRIVACY = Privacy.from_environment()
LIMITS = cache(Limits.from_environment)


@app.operation("export_me", "POST", "/me/exports")
def export_me(request: Request) -> Answer:
    LIMITS().spend("export_me", request.member_id, request.now)
    export = usecases.export_me(
        request.member_id,
        request.idempotency_key,
        request.body_hash,
        exports=PRIVACY.exports,
        start=machines.start_export,
        now=request.now,
    )
    return 202, export.body(request.now)
