"""Every five minutes: what nobody collected in time expires, and its hold with it; a verification that stopped goes on."""

import os
import time
from datetime import datetime

from puhui.activities import watch
from puhui.activities.ports import Books
from puhui.edge.task import Input, task

BOOKS = Books.from_environment()
STATE_MACHINE = os.environ["VERIFICATION_STATE_MACHINE"]
SECONDS_MAX = 240  # of the function's 300; the next run goes on where this one stopped


@task("look_after_activities")
def app(_event: Input, now: datetime) -> Input:
    done = watch.look_after(BOOKS, STATE_MACHINE, now, time.monotonic, SECONDS_MAX)
    if done[watch.FAILED]:
        raise RuntimeError(f"acts could not be looked after: {dict(done)}")
    return dict(done)
