"""Export: it is ready, or failed, and its member sees which."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.members.exporting import count_export
from puhui.members.repository import Members
from puhui.privacy.exports import usecases
from puhui.privacy.repository import Privacy

PRIVACY, MEMBERS = Privacy.from_environment(), Members.from_environment()


@task("close_export")
def app(event: Input, now: datetime) -> Input:
    member_id = event["member_id"]
    export = usecases.close_export(
        member_id,
        event["export_id"],
        event.get("size", 0),
        event.get("manifest_sha256", ""),
        failed=event.get("failed", False),
        exports=PRIVACY.exports,
        now=now,
        count=lambda session: count_export(session, member_id, now, members=MEMBERS),
    )
    return {"status": export.status}
