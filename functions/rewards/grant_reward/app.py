"""Invoked by an operator: give a member a prize, such as a day of leave where a programme has no points. Input: {reward_id,
member_id, key}; the same key again gives nothing more."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.kernel import ids
from puhui.ledger.api import Ledger
from puhui.rewards.redemptions.decision import Redeem
from puhui.rewards.redemptions.usecases import redeem
from puhui.rewards.repositories import Rewards

REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()


@task("grant_reward")
def app(event: Input, now: datetime) -> Input:
    reward_id, member_id, key = event["reward_id"], event["member_id"], event["key"]
    command = Redeem(member_id, reward_id, 1, f"grant {key}", ids.key_id("grant", reward_id, member_id))
    made = redeem(command, rewards=REWARDS, ledger=LEDGER, now=now, granted=True)
    return {"id": made.id, "status": made.status}
