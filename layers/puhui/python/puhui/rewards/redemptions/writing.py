"""A redemption as one transaction: what is drawn from stock, and everything that is written besides the redemption itself."""

from datetime import datetime

from puhui.kernel import clock
from puhui.ledger.api import Ledger, add_hold, of
from puhui.programmes.api import programme
from puhui.rewards.coupons.model import new_coupons
from puhui.rewards.redemptions.model import PROCESSING, Redemption
from puhui.rewards.redemptions.reading import Reading
from puhui.rewards.redemptions.transfers import hold_of, spending
from puhui.rewards.repositories import Rewards
from puhui.rewards.stock.model import Draw
from puhui.store.session import Session


def draw_for(wanted: Redemption, reading: Reading, rewards: Rewards) -> Draw:
    """What to draw from stock: from the member's own shard where it has enough, else all shards are read. Raises OutOfStock,
    OptimisticLockFailed."""
    home = reading.home
    if home.left >= wanted.quantity:
        return Draw({home.shard: wanted.quantity}, home.mark)
    return rewards.stock.draw_elsewhere(reading.reward, wanted.quantity, home)


def add_effects(
    session: Session,
    made: Redemption,
    reading: Reading,
    draw: Draw,
    *,
    rewards: Rewards,
    ledger: Ledger,
    now: datetime,
) -> None:
    """Everything that a redemption writes besides itself, in this order: limits, stock, points, delivery, coupons."""
    reward = reading.reward
    rewards.limits.count(session, made, reward)
    rewards.stock.draw(session, reward.id, draw.pieces, draw.mark)
    balances = of([reading.balance])
    if made.status == PROCESSING:
        rewards.orders.add(session, made)
        add_hold(session, hold_of(made, now), balances, ledger=ledger, now=now)
    elif made.price_points:  # a prize costs none
        ledger.add(session, [spending(made)], balances, clock.programme_day(now))
    if made.to_send:
        rewards.deliveries.add(session, made)
    if made.coupons:
        rule = programme(reward.programme_id).coupons
        for coupon in new_coupons(made, reward, rule, now):
            rewards.coupons.add(session, coupon)
