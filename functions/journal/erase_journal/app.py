"""Erasure of a member: what opens the member's entries is destroyed."""

from datetime import datetime
from functools import cache

from puhui.edge.task import Input, task
from puhui.journal import wiring
from puhui.journal.api import Journal
from puhui.journal.erasing import erase_member

JOURNAL = Journal.from_environment()
PEPPER = cache(wiring.pepper)


@task("erase_journal")
def app(event: Input, now: datetime) -> Input:
    return dict(erase_member(event["member_id"], now, journal=JOURNAL, pepper=PEPPER()))
