"""Every five minutes: what nobody collected in time expires, and its hold with it; a verification that stopped goes on; what was held is
settled."""

import os
import time
from collections.abc import Mapping
from datetime import datetime
from functools import cache

from puhui.activities import scheduled_checks
from puhui.activities.acts.model import Activity
from puhui.activities.settling import people
from puhui.activities.tables import Tables
from puhui.edge.task import Input, task
from puhui.members import api as members
from puhui.wechat import api as wechat

TABLES = Tables.from_environment()
STATE_MACHINE = os.environ["VERIFICATION_STATE_MACHINE"]
SECONDS_MAX = 240  # of the function's 300; the next run goes on where this one stopped
MEMBERS = members.Members.from_environment()
WECHAT = cache(wechat.connect)


def find_out(activity: Activity, now: datetime) -> Mapping[str, int]:
    return people.found_out(activity, WECHAT(), known=MEMBERS, records=TABLES.activities.risk, now=now)


@task("check_waiting_activities")
def app(_event: Input, now: datetime) -> Input:
    done = scheduled_checks.check_waiting(TABLES, STATE_MACHINE, now, time.monotonic, SECONDS_MAX, find_out)
    if done[scheduled_checks.FAILED]:
        raise RuntimeError(f"acts could not be checked: {dict(done)}")
    return dict(done)
