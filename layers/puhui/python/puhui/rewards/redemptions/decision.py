"""What a request or a ticket becomes, decided on one reading. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from puhui.kernel import ids
from puhui.merchants.api import require_active
from puhui.rewards.catalogue.model import ADDRESS, DONATION, GOOD, ON_SALE, OPERATOR, Reward, require_on_sale
from puhui.rewards.errors import DeliveryRequired, GrantedOnly, NotOnSale, PriceChanged, QuantityInvalid
from puhui.rewards.redemptions.model import (
    CHECK_AFTER,
    FULFILLED,
    PROCESSING,
    QUEUED,
    SENT_WITHIN,
    Redemption,
)
from puhui.rewards.redemptions.reading import Reading
from puhui.rewards.redemptions.transfers import REDEMPTION

QUANTITY_MAX = 100  # as the contract has it
COUPONS_MAX = 20  # one item each in the redemption's transaction
DONATION_MAX = 1_000_000


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


def require_quantity(quantity: int, kind: str = GOOD, *, coupons: bool = False) -> None:
    """Raise QuantityInvalid unless that many pieces can be redeemed at once."""
    most = DONATION_MAX if kind == DONATION else COUPONS_MAX if coupons else QUANTITY_MAX
    if type(quantity) is not int or not 1 <= quantity <= most:
        raise QuantityInvalid(most=most)


def decide(
    command: Redeem, redemption_id: str, reading: Reading, now: datetime, *, granted: bool
) -> Redemption:
    """The redemption that the member asks for, ``queued`` where the reward has a queue. ``granted``: an operator gives a prize.

    Raises QuantityInvalid, NotOnSale, NotOnSaleYet, SaleOver, MerchantSuspended, GrantedOnly, PriceChanged, DeliveryRequired.
    """
    reward = reading.reward
    require_quantity(command.quantity, reward.kind, coupons=reward.gives_coupons)
    require_on_sale(reward, now)
    require_honoured(reading)
    if reward.is_granted != granted:
        raise GrantedOnly
    if command.price_points not in (None, reward.price_points):
        raise PriceChanged(price_points=reward.price_points)
    return redemption_of(
        reward,
        command.member_id,
        redemption_id,
        command.quantity,
        command.body_hash,
        command.delivery(redemption_id),
        now,
    )


def decide_ticket(ticket: Redemption, reading: Reading) -> Redemption:
    """The redemption that a ticket becomes, at the terms it was queued with. Raises NotOnSale, MerchantSuspended."""
    if reading.reward.state != ON_SALE:
        raise NotOnSale
    require_honoured(reading)
    return replace(ticket, status=first_status(reading.reward))


def require_honoured(reading: Reading) -> None:
    """Raise NotOnSale, MerchantSuspended unless the merchant, if there is one, honours its rewards."""
    if not reading.reward.merchant_id:
        return
    if reading.merchant is None:
        raise NotOnSale
    require_active(reading.merchant)


def redemption_of(
    reward: Reward,
    member_id: str,
    redemption_id: str,
    quantity: int,
    body_hash: str,
    delivery: bytes,
    now: datetime,
) -> Redemption:
    """The redemption of ``quantity`` pieces at the price of this moment. An address that nobody delivers to is not kept. Raises
    DeliveryRequired."""
    if reward.delivery == ADDRESS and not delivery:
        raise DeliveryRequired
    kept = delivery if reward.delivers else b""
    return Redemption(
        id=redemption_id,
        member_id=member_id,
        reward_id=reward.id,
        programme_id=reward.programme_id,
        title=reward.title,
        quantity=quantity,
        price_points=reward.price_points,
        status=QUEUED if reward.queue_shards else first_status(reward),
        redeemed_at=now,
        transfer_id=ids.derived_id(now, redemption_id, REDEMPTION),
        body_hash=body_hash,
        delivery=kept,
        handover=reward.delivery or (ADDRESS if kept else ""),
        kind=reward.kind,
        merchant_id=reward.merchant_id,
        budget_id=reward.budget_id,
        fen=reward.fen,
        partner_id=reward.partner_id,
        cancellable=reward.cancellable,
    )


def first_status(reward: Reward) -> str:
    """How a redemption begins once points and stock are there."""
    return PROCESSING if reward.partner_id else FULFILLED


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
    if reward.gives_coupons:
        return replace(made, coupons=tuple(f"{made.id}-{number}" for number in range(made.quantity)))
    if reward.kind == DONATION and reward.merchant_id:
        return replace(made, payable_id=ids.derived_id(now, made.id, "due"))
    return made
