"""Every five minutes: coupons whose time is over, and redemptions that nobody ended in time."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards import watch
from puhui.rewards.wiring import desk

DESK = desk()


@task("look_after")
def app(_event: Input, now: datetime) -> Input:
    return watch.look_after(desk=DESK, now=now)
