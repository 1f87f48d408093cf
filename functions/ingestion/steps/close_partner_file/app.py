"""A partner's file: the chunks' results put together, or that it stopped on an error."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ingestion.files import usecases
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.wiring import files_from_environment

FILES, BUCKET = files_from_environment(), PartnerFiles.from_environment()


@task("close_partner_file")
def app(event: Input, now: datetime) -> Input:
    if event.get("stopped"):
        file = usecases.stop_file(event["id"], files=FILES, now=now)
    else:
        file = usecases.close_file(event["id"], files=FILES, bucket=BUCKET, now=now)
    return {"status": file.status}
