"""What comes back: points into their lots, pieces into stock, and limits."""

from dataclasses import dataclass
from datetime import datetime

from puhui.kernel import clock
from puhui.ledger.api import Ledger
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.errors import RewardNotFound
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.transfers import refund, spent_legs
from puhui.rewards.repositories import Rewards
from puhui.store.session import Session


@dataclass(frozen=True)
class Origin:
    """Where a redemption's pieces come back to: its reward, and the mark of the member's shard of its stock."""

    reward: Reward
    mark: str


def origin_of(redemption: Redemption, rewards: Rewards) -> Origin:
    """Two reads. Raises RewardNotFound."""
    reward = rewards.catalogue.reward(redemption.reward_id)
    if reward is None:
        raise RewardNotFound
    return Origin(reward, rewards.stock.mark_at_home(reward.id, redemption.member_id, reward.shards))


def add_refund(
    session: Session,
    redemption: Redemption,
    origin: Origin,
    *,
    rewards: Rewards,
    ledger: Ledger,
    now: datetime,
) -> None:
    """Everything comes back: points, pieces and limits."""
    add_points_back(session, redemption, 0, redemption.quantity, "cancelled", ledger=ledger, now=now)
    add_pieces_back(session, redemption, origin, rewards=rewards)


def add_points_back(
    session: Session,
    redemption: Redemption,
    first: int,
    pieces: int,
    why: str,
    *,
    ledger: Ledger,
    now: datetime,
) -> None:
    """Points of ``pieces`` pieces, from the ``first``-th on, come back into their lots; nothing of a prize, which cost none."""
    if (price := redemption.price_points) == 0:
        return
    back = refund(redemption, spent_legs(redemption, ledger), first * price, pieces * price, now, why)
    ledger.add(session, [back], {}, clock.programme_day(now))


def add_pieces_back(session: Session, redemption: Redemption, origin: Origin, *, rewards: Rewards) -> None:
    """All pieces of a redemption come back into stock and off its limits."""
    pieces, member_id = redemption.quantity, redemption.member_id
    rewards.stock.give_back(session, origin.reward, member_id, pieces, origin.mark)
    rewards.limits.give_back(session, redemption, pieces)
