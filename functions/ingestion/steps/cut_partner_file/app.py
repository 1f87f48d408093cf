"""A partner's file: is it what was announced, and where are its chunks?"""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ingestion.files import usecases
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.wiring import files_from_environment

FILES, BUCKET = files_from_environment(), PartnerFiles.from_environment()


@task("cut_partner_file")
def app(event: Input, now: datetime) -> Input:
    return usecases.cut_file(event["id"], files=FILES, bucket=BUCKET, now=now)
