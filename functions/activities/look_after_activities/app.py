"""Every five minutes: what nobody collected in time expires, and its hold with it; a verification that stopped goes on."""

import os
import time
from datetime import datetime

from puhui.activities import scheduled_checks
from puhui.activities.tables import Tables
from puhui.edge.task import Input, task

TABLES = Tables.from_environment()
STATE_MACHINE = os.environ["VERIFICATION_STATE_MACHINE"]
SECONDS_MAX = 240  # of the function's 300; the next run goes on where this one stopped


@task("look_after_activities")
def app(_event: Input, now: datetime) -> Input:
    done = scheduled_checks.check_waiting(TABLES, STATE_MACHINE, now, time.monotonic, SECONDS_MAX)
    if done[scheduled_checks.FAILED]:
        raise RuntimeError(f"acts could not be checked: {dict(done)}")
    return dict(done)
