"""Every five minutes: what nobody collected in time expires, and its hold with it."""

import time
from datetime import datetime

from puhui.activities import claims
from puhui.activities.ports import Books
from puhui.edge.task import Input, task

BOOKS = Books.from_environment()
SECONDS_MAX = 240  # of the function's 300; the next run goes on where this one stopped


@task("expire_claims")
def app(_event: Input, now: datetime) -> Input:
    expired, failed = claims.lapse_due(BOOKS, now, time.monotonic, SECONDS_MAX)
    if failed:
        raise RuntimeError(f"{failed} acts could not be ended, {expired} were")
    return {"expired": expired}
