"""What a request or a ticket becomes, decided on one reading. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from puhui.kernel import ids
from puhui.rewards.catalogue.model import (
    ADDRESS,
    DONATION,
    ON_SALE,
    OPERATOR,
    Reward,
    require_honoured,
    require_on_sale,
    require_quantity,
)
from puhui.rewards.errors import GrantedOnly, NotOnSale, PriceChanged
from puhui.rewards.redemptions.model import (
    CHECK_AFTER,
    FULFILLED,
    PROCESSING,
    SENT_WITHIN,
    Redemption,
)
from puhui.rewards.redemptions.reading import Reading
from puhui.rewards.stock.model import home_shard


@dataclass(frozen=True)
class Redeem:
    """A member wants ``quantity`` pieces. ``key``: the idempotency key, if the client sent one; ``delivery`` seals the address for
    the redemption's id; ``price_points``: the price that the member saw (None: any)."""

    member_id: str
    reward_id: str
    quantity: int
    key: str | None
    body_hash: str
    delivery: Callable[[str], bytes] = field(default=lambda _id: b"", repr=False)
    price_points: int | None = None

    def __post_init__(self) -> None:
        """Raises QuantityInvalid for what no reward allows."""
        require_quantity(self.quantity, DONATION)


def require_redeemable(command: Redeem, reading: Reading, now: datetime, *, granted: bool) -> None:
    """Whether the member may redeem it now. ``granted``: an operator gives a prize. Raises QuantityInvalid, NotOnSale, NotOnSaleYet, SaleOver,
    MerchantSuspended, GrantedOnly, PriceChanged."""
    reward = reading.reward
    require_quantity(command.quantity, reward.kind, coupons=reward.gives_coupons)
    require_on_sale(reward, now)
    require_honoured(reward, reading.merchant)
    if reward.is_granted != granted:
        raise GrantedOnly
    if command.price_points not in (None, reward.price_points):
        raise PriceChanged(price_points=reward.price_points)


def in_queue(wanted: Redemption, reward: Reward) -> Redemption:
    """The redemption as a ticket of the member's queue shard."""
    shard = home_shard(wanted.member_id, reward.queue_shards)
    return replace(wanted, queue_shard=shard, queue_shards=reward.queue_shards)


def decide_ticket(ticket: Redemption, reading: Reading) -> Redemption:
    """The redemption that a ticket becomes, at the terms it was queued with. Raises NotOnSale, MerchantSuspended."""
    if reading.reward.state != ON_SALE:
        raise NotOnSale
    require_honoured(reading.reward, reading.merchant)
    return replace(ticket, status=PROCESSING if reading.reward.partner_id else FULFILLED)


def complete(made: Redemption, reward: Reward, mark: str, now: datetime) -> Redemption:
    """The redemption with what is known once it happens: the stock's mark, the limits that count it, its coupons, when it is checked,
    and that a donation is payable at once."""
    made = replace(
        made,
        taken_in=mark,
        counts_for_member=reward.per_member_limit is not None,
        counts_for_day=reward.per_day_limit is not None,
    )
    if made.status == PROCESSING:
        return replace(made, next_check_at=now + CHECK_AFTER)
    if made.handover in (ADDRESS, OPERATOR):
        return replace(made, next_check_at=now + SENT_WITHIN)
    if not made.merchant_id:
        return made
    if made.kind == DONATION:
        return replace(made, payable_id=ids.derived_id(now, made.id, "due"))
    return replace(made, coupons=tuple(f"{made.id}-{number}" for number in range(made.quantity)))
