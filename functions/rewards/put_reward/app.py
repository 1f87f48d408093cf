"""For the operator, through IAM only: offer a reward or change it."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.rewards import usecases
from puhui.rewards.dynamo import Rewards
from puhui.rewards.model import Reward

REWARDS = Rewards.from_environment()


@task("put_reward")
def app(event: Input, _now: datetime) -> Input:
    reward = Reward(
        id=event["id"],
        programme_id=event["programme_id"],
        kind=event["kind"],
        title=event["title"],
        price_points=event["price_points"],
        stock_total=event["stock"],
        shards=event.get("shards", 1),
        per_member_limit=event.get("per_member_limit"),
    )
    return {"id": usecases.put_reward(reward, rewards=REWARDS).id}
