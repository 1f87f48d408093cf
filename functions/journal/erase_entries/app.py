"""For the erasure of a member: destroy the key and the payloads of a subject, and leave an erasure entry."""

from datetime import datetime
from functools import cache

from puhui.edge.task import Input, task
from puhui.journal import wiring
from puhui.journal.api import Journal, erase

JOURNAL = Journal.from_environment()
PEPPER = cache(wiring.pepper)


@task("erase_entries")
def app(event: Input, now: datetime) -> Input:
    return erase(event["subject"], event["reason"], journal=JOURNAL, pepper=PEPPER(), now=now)
