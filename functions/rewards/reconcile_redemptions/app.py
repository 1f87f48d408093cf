"""Every five minutes: coupons expire, and redemptions that nobody ended in time are reconciled."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards.reconciling import reconcile
from puhui.rewards.wiring import dependencies

DEPENDENCIES = dependencies()


@task("reconcile_redemptions")
def app(_event: Input, now: datetime) -> Input:
    return reconcile(deps=DEPENDENCIES, now=now)
