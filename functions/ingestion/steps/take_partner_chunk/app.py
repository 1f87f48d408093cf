"""A partner's file: the rows of one chunk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from puhui.edge.task import Input, task
from puhui.ingestion.files import usecases
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.model import Chunk
from puhui.ingestion.files.wiring import files_from_environment
from puhui.ingestion.model import Result, records_of
from puhui.ingestion.records import take
from puhui.ingestion.tables import Tables
from puhui.methodologies import published

FILES, BUCKET, TABLES = files_from_environment(), PartnerFiles.from_environment(), Tables.from_environment()

published.from_environment()


@task("take_partner_chunk")
def app(event: Input, now: datetime) -> Input:
    taking = partial(_take, now=now)
    usecases.take_chunk(event["id"], Chunk(*event["chunk"]), files=FILES, bucket=BUCKET, take=taking)
    return {}


def _take(
    partner_id: str, items: Sequence[Mapping[str, Any]], places: Sequence[str], *, now: datetime
) -> list[Result]:
    partner = TABLES.partners.find(partner_id)
    return take(partner, records_of(items), source="file", places=places, tables=TABLES, now=now)
