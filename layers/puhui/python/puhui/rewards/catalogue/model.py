"""What a programme offers for points: a reward's terms, and how they may change. Pure values and rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.ledger.api import Leg, Transfer
from puhui.merchants.api import Picture, Standing, require_active
from puhui.rewards.errors import (
    NotOnSale,
    NotOnSaleYet,
    QuantityInvalid,
    RewardIdTaken,
    RewardInvalid,
    RewardShrinks,
    RewardTermsFixed,
    SaleOver,
)

ADDRESS, OPERATOR, TILL, NONE = DELIVERIES = ("address", "operator", "till", "none")
GOOD, COUPON, SERVICE, DONATION, LEAVE_DAY = KINDS = ("good", "coupon", "service", "donation", "leave_day")
PROPOSED, ON_SALE, PAUSED, CLOSED = STATES = ("proposed", "on_sale", "paused", "closed")
COUPON_DAYS = 90
QUANTITY_MAX = 100  # as the contract has it
COUPONS_MAX = 20  # one item each in the redemption's transaction
DONATION_MAX = 1_000_000


@dataclass(frozen=True)
class Reward:
    """A good, coupon, service, donation or day of leave that a programme gives for points.

    ``stock`` counts every piece ever offered, including sold ones. ``per_member_limit`` and ``per_day_limit`` count pieces of one
    member (None: no limit). ``fen``: what the sponsor's budget pays the merchant for a piece. ``queue_shards``: the counters of
    its queue (0: no queue). ``valid_days``: how long its coupons are valid. ``version`` counts changes. ``proposed_by``: everybody
    who edited the proposal, separated by spaces. ``delivery``: how it is handed over (``delivery_of``; empty: sent if the member
    gives an address).
    """

    id: str
    programme_id: str
    kind: str
    title: Mapping[str, str]
    price_points: int
    stock: int
    per_member_limit: int | None
    shards: int
    version: int = 0
    state: str = ON_SALE
    per_day_limit: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    description: Mapping[str, str] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    regions: tuple[str, ...] = ()
    merchant_id: str = ""
    budget_id: str = ""
    fen: int = 0
    partner_id: str = ""
    partner_item: str = ""
    queue_shards: int = 0
    cancellable: bool = False
    valid_days: int = COUPON_DAYS
    proposed_by: str = ""
    published_by: str = ""
    delivery: str = ""

    @property
    def was_rejected(self) -> bool:
        """Whether it was proposed and closed before it was ever on sale. Its id is free again."""
        return self.state == CLOSED and bool(self.proposed_by) and not self.published_by

    @property
    def gives_coupons(self) -> bool:
        """Whether a merchant's staff verify what was redeemed at the till, by our code."""
        return bool(self.merchant_id) and not self.partner_id and self.kind != DONATION

    @property
    def is_granted(self) -> bool:
        """Whether it has no price: a prize, which nobody redeems and an operator grants."""
        return self.price_points == 0

    @property
    def delivers(self) -> bool:
        """Whether it may be sent to an address: a good or a service that is not handed out at the till."""
        if self.delivery:
            return self.delivery == ADDRESS
        return self.kind in (GOOD, SERVICE) and not self.gives_coupons


@dataclass(frozen=True)
class Offer:
    """A reward in the catalogue, with the pieces that are left."""

    reward: Reward
    stock_left: int


def lies_in(region: str, regions: Sequence[str]) -> bool:
    """Whether a region is one of these or a part of one; no regions are all of them."""
    return not regions or any(region == each or region.startswith(f"{each}-") for each in regions)


def overlap(regions: Sequence[str], others: Sequence[str]) -> bool:
    """Whether there is a place in both; no regions are all of them."""
    return (
        not regions or not others or any(lies_in(a, [b]) or lies_in(b, [a]) for a in regions for b in others)
    )


def require_on_sale(reward: Reward, now: datetime) -> None:
    """Raise NotOnSale (paused, closed, not published), NotOnSaleYet (before the stated second) or SaleOver."""
    if reward.state != ON_SALE:
        raise NotOnSale
    if reward.opens_at and now < reward.opens_at:
        wait = -int((now - reward.opens_at).total_seconds() // 1)
        raise NotOnSaleYet(opens_at=clock.to_text(reward.opens_at), retry_after=max(1, wait))
    if reward.closes_at and now >= reward.closes_at:
        raise SaleOver(closed_at=clock.to_text(reward.closes_at))


def require_honoured(reward: Reward, merchant: Standing | None) -> None:
    """Raise NotOnSale, MerchantSuspended unless the reward's merchant, if there is one, honours its rewards."""
    if not reward.merchant_id:
        return
    if merchant is None:
        raise NotOnSale
    require_active(merchant)


def require_quantity(quantity: int, kind: str = GOOD, *, coupons: bool = False) -> None:
    """Raise QuantityInvalid unless that many pieces can be redeemed at once."""
    most = DONATION_MAX if kind == DONATION else COUPONS_MAX if coupons else QUANTITY_MAX
    if type(quantity) is not int or not 1 <= quantity <= most:
        raise QuantityInvalid(most=most)


def delivery_of(kind: str, merchant_id: str, partner_id: str) -> tuple[str, ...]:
    """How a reward of this kind can be handed over, the usual way first: ``till`` (the merchant's staff, by a coupon), sent to an
    ``address`` (by the partner or the programme), ``operator`` (an operator confirms that it was given: a leave day is booked, a
    good was fetched), ``none`` (with the redemption itself)."""
    if kind == DONATION:
        return (NONE,)
    if merchant_id and not partner_id:
        return (TILL,)
    if partner_id:
        return {GOOD: (ADDRESS, NONE), SERVICE: (NONE, ADDRESS)}.get(kind, (NONE,))
    return {GOOD: (ADDRESS, OPERATOR, NONE), SERVICE: (OPERATOR, ADDRESS)}.get(kind, (OPERATOR,))


FIXED = (
    "programme_id",
    "kind",
    "merchant_id",
    "budget_id",
    "fen",
    "partner_id",
    "partner_item",
)  # pieces were paid for on these terms


def revised(current: Reward | None, wanted: Reward) -> Reward:
    """The reward after a change. New terms apply from then on. Stock, shards and queue shards only grow (0 shards: unchanged). Giver
    and payer are fixed. Closed is final. Paused remains unless another state is wanted. A picture that the reward already has keeps
    its submission. A rejected proposal can be replaced by another reward.

    Raises RewardIdTaken, RewardShrinks, RewardTermsFixed, RewardInvalid (a picture that was not submitted).
    """
    wanted = with_pictures(wanted, current.pictures if current else ())
    _require_submitted(wanted)
    if current is None or current.was_rejected:
        version = current.version + 1 if current else 1
        return replace(wanted, shards=wanted.shards or 1, version=version, state=wanted.state or ON_SALE)
    if wanted.programme_id != current.programme_id:
        raise RewardIdTaken(programme_id=current.programme_id)
    if current.state == CLOSED:
        raise RewardTermsFixed(field="state")
    shards = wanted.shards or current.shards
    if current.state != PROPOSED:
        for name in FIXED:
            if getattr(wanted, name) != getattr(current, name):
                raise RewardTermsFixed(field=name)
        for name, wants, has in (
            ("stock", wanted.stock, current.stock),
            ("shards", shards, current.shards),
            ("queue_lanes", wanted.queue_shards, current.queue_shards),
        ):
            if wants < has:
                raise RewardShrinks(field=name, standing=has)
    kept = {
        "shards": shards,
        "version": current.version,
        "state": current.state,
        "proposed_by": current.proposed_by,
        "published_by": current.published_by,
    }
    if current.state in (ON_SALE, PAUSED) and wanted.state in (ON_SALE, PAUSED):
        kept["state"] = wanted.state
    same = replace(wanted, **kept)  # type: ignore[arg-type]
    return current if same == current else replace(same, version=current.version + 1)


def with_pictures(reward: Reward, known: Iterable[Picture]) -> Reward:
    """The reward with its pictures as they were submitted, where that is known."""
    by_id = {each.document_id: each for each in known}
    return replace(reward, pictures=tuple(by_id.get(each.document_id, each) for each in reward.pictures))


def _require_submitted(reward: Reward) -> None:
    if not all(each.trace_id for each in reward.pictures):
        raise RewardInvalid(field="pictures", rule="handed in by whoever uploaded them")


def commitment(reward: Reward, pieces: int, now: datetime) -> Transfer:
    """The sponsor's money for so many more pieces (below zero: for pieces that are no longer offered)."""
    amount = reward.fen * pieces
    budget, committed = f"budget:{reward.budget_id}", f"committed:{reward.id}"
    legs = (Leg(budget, "CNY", -amount), Leg(committed, "CNY", amount))
    kind = "commit" if pieces > 0 else "release"
    return Transfer(ids.derived_id(now, reward.id, kind, str(reward.version)), kind, now, legs, reward.id)
