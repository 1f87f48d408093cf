"""Erasure of a member: exports and imported histories."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.privacy import machines
from puhui.privacy.erasing import erase_member
from puhui.privacy.exports.bucket import ExportBucket
from puhui.privacy.repository import Privacy

PRIVACY, BUCKET = Privacy.from_environment(), ExportBucket.from_environment()


@task("erase_privacy")
def app(event: Input, now: datetime) -> Input:
    def delete_files(prefix: str) -> int:
        return BUCKET.abort_all(prefix) + BUCKET.delete_all(prefix)

    return dict(
        erase_member(
            event["member_id"],
            now,
            privacy=PRIVACY,
            stop_export=machines.stop_export,
            delete_files=delete_files,
        )
    )
