"""Export: it is ready, or failed, and its member sees which."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.privacy.exports import usecases
from puhui.privacy.repository import Privacy

PRIVACY = Privacy.from_environment()


@task("close_export")
def app(event: Input, now: datetime) -> Input:
    export = usecases.close_export(
        event["member_id"],
        event["export_id"],
        event.get("size", 0),
        event.get("manifest_sha256", ""),
        failed=event.get("failed", False),
        exports=PRIVACY.exports,
        now=now,
    )
    return {"status": export.status}
