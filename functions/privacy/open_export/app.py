"""POST /me/exports/{export_id}/link: the address of the file, once."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.privacy.exports import usecases
from puhui.privacy.exports.bucket import ExportBucket
from puhui.privacy.repository import Privacy

app = HttpFunction("open-export")
PRIVACY, BUCKET = Privacy.from_environment(), ExportBucket.from_environment()


@app.operation("open_export", "POST", "/me/exports/{export_id}/link")
def open_export(request: Request) -> Answer:
    link = usecases.open_export(
        request.member_id,
        request.path["export_id"],
        request.idempotency_key,
        request.session_id,
        exports=PRIVACY.exports,
        bucket=BUCKET,
        now=request.now,
    )
    return 201, link
