"""Erasure of a member: what waits is given back, addresses and vouchers go."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.rewards.erasing import erase_member
from puhui.rewards.repositories import Rewards

REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()


@task("erase_rewards")
def app(event: Input, now: datetime) -> Input:
    return dict(erase_member(event["member_id"], now, rewards=REWARDS, ledger=LEDGER))
