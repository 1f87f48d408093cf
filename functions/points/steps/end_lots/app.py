"""Expiry: one shard's members; lots that have ended expire, members are reminded of those that are about to end, or they are given away."""

import os
from datetime import datetime
from functools import cache

from puhui.edge.task import Input, task
from puhui.kernel.errors import DomainError
from puhui.ledger.api import Ledger
from puhui.members import api as members
from puhui.points import expiry
from puhui.points.dynamo import Points
from puhui.points.model import notice
from puhui.programmes.api import programme
from puhui.rewards.api import Rewards
from puhui.wechat import api as wechat

MEMBERS = members.Members.from_environment()
WECHAT = cache(wechat.connect)
TEMPLATE = os.environ["REMINDER_TEMPLATE_ID"]


def send_reminder(member_id: str, programme_id: str, points: int, lot: str) -> bool:
    """Send the reminder; a member who takes no messages, or a platform that does not answer, is no failure of the run."""
    try:
        fields = notice(programme(programme_id).name["zh-CN"], points, lot)
        WECHAT().send_subscribe_message(members.openid_of(member_id, members=MEMBERS), TEMPLATE, fields)
    except DomainError:
        return False
    return True


DEPS = expiry.Dependencies(
    Points.from_environment(),
    Ledger.from_environment(),
    Rewards.from_environment(),
    send_reminder if TEMPLATE else None,
)


@task("end_lots")
def app(event: Input, now: datetime) -> Input:
    expiry.work_shard(event["id"], event["shard"], deps=DEPS, now=now)
    return {"shard": event["shard"]}
