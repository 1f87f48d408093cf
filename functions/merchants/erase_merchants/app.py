"""Erasure of a member: places on staffs, and what was uploaded."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.erasing import erase_member
from puhui.merchants.repositories import Merchants

MERCHANTS, BUCKET = Merchants.from_environment(), DocumentBucket.from_environment()


@task("erase_merchants")
def app(event: Input, now: datetime) -> Input:
    return dict(erase_member(event["member_id"], now, merchants=MERCHANTS, delete_files=BUCKET.delete_all))
