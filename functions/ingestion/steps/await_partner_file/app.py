"""A partner's file: is the upload here, or when to look again?"""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ingestion.files import usecases
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.wiring import files_from_environment

FILES, BUCKET = files_from_environment(), PartnerFiles.from_environment()


@task("await_partner_file")
def app(event: Input, now: datetime) -> Input:
    return usecases.look_for_upload(event["id"], files=FILES, bucket=BUCKET, now=now)
