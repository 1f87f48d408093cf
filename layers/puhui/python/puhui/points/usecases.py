"""What members do with points that end: look at them, and choose what becomes of them."""

from datetime import datetime
from typing import Any

from puhui.ledger.api import Ledger, balance_from, member
from puhui.points import model
from puhui.points.dynamo import Points, choice_from
from puhui.points.errors import RewardMissing, RewardNotDonation
from puhui.points.model import DONATE, EXPIRE, Choice
from puhui.points.report import PROPOSED
from puhui.programmes.api import programme
from puhui.rewards.api import DONATION, Rewards


def forecast(
    member_id: str, programme_id: str, *, points: Points, ledger: Ledger, now: datetime
) -> dict[str, Any]:
    """What the member's points are and when they end: one read of the balance and the choice. Raises ProgrammeNotFound."""
    programme(programme_id)
    account = member(member_id)
    balance, choice = ledger.dynamodb.get_all(
        [ledger.balance_key(account, programme_id), points.choice_key(member_id, programme_id)]
    )
    return model.forecast(
        balance_from(account, programme_id, balance), choice_from(member_id, programme_id, choice), now
    )


def choose(
    member_id: str,
    programme_id: str,
    choice: str,
    reward_id: str | None,
    *,
    points: Points,
    rewards: Rewards,
    now: datetime,
) -> Choice:
    """Write what becomes of unspent points; choosing the same again changes nothing.

    Raises ProgrammeNotFound, RewardMissing, RewardNotDonation (of another programme, no donation, or not published).
    """
    programme(programme_id)
    if (choice == DONATE) != (reward_id is not None):
        raise RewardMissing
    if reward_id is None:
        return points.choose(Choice(member_id, programme_id, EXPIRE), now)
    reward = rewards.catalogue.reward(reward_id)
    if (
        reward is None
        or reward.state == PROPOSED
        or (reward.programme_id, reward.kind) != (programme_id, DONATION)
    ):
        raise RewardNotDonation(reward_id=reward_id, programme_id=programme_id)
    return points.choose(Choice(member_id, programme_id, DONATE, reward_id, reward.price_points), now)
