"""Stream of the partners' table: when an account is bound, the records that wait for it are taken."""

from datetime import datetime

from puhui.edge.stream import Change, stream
from puhui.ingestion.tables import Tables
from puhui.ingestion.waiting import take_waiting
from puhui.methodologies import published
from puhui.partners.data_partners.api import ACCOUNT

published.from_environment()
TABLES = Tables.from_environment()


@stream("take_waiting_records")
def app(change: Change, now: datetime) -> None:
    if change.new and change.new["entry"] == "account" and "member_id" in change.new:
        take_waiting(ACCOUNT.read(change.new), tables=TABLES, now=now)
