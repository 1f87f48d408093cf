"""Stream of the rewards' table: orders of partners start, waiting tasks get their answer, members are notified,
and the operator learns of orders in doubt."""

import os
from datetime import datetime
from functools import cache

from puhui.edge import log
from puhui.edge.stream import Change, stream
from puhui.members import api as members
from puhui.rewards.redemptions import outbox
from puhui.rewards.repositories import Rewards
from puhui.wechat import api as wechat

DEPENDENCIES = outbox.Dependencies(
    Rewards.from_environment(),
    members.Members.from_environment(),
    cache(wechat.connect),
    os.environ["REDEMPTION_STATE_MACHINE"],
    os.environ["NOTICE_TEMPLATE_ID"],
)


@stream("follow_redemptions")
def app(change: Change, now: datetime) -> None:
    if doubt := outbox.in_doubt(change.old, change.new):
        log.line(level="ERROR", outcome="order_in_doubt", **doubt)
    outbox.follow(change.old, change.new, deps=DEPENDENCIES, now=now)
