"""Erasure of a member: the right to sell their credits ends; the books stay."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.ledger.erasing import erase_member

LEDGER = Ledger.from_environment()


@task("erase_ledger")
def app(event: Input, now: datetime) -> Input:
    return dict(erase_member(event["member_id"], now, ledger=LEDGER))
