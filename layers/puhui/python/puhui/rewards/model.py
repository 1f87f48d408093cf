"""What rewards are, as pure values and rules: a reward's terms, a redemption and its states, a coupon, a due."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from puhui.kernel import clock, ids
from puhui.ledger.api import Hold, Leg, Transfer, member, points, returned_lot
from puhui.merchants.api import Picture
from puhui.programmes.api import CouponRule
from puhui.rewards.errors import (
    CouponNotUsable,
    CouponUsed,
    DeliveryRequired,
    NotOnSale,
    NotOnSaleYet,
    QuantityInvalid,
    RewardIdTaken,
    RewardInvalid,
    RewardShrinks,
    RewardTermsFixed,
    SaleOver,
    ScanTimeInvalid,
)

ADDRESS, OPERATOR, TILL, NONE = DELIVERIES = ("address", "operator", "till", "none")
TO_SEND, TO_CONFIRM, SENT, RECEIVED = "to_send", "to_confirm", "sent", "received"  # of a delivery
GOOD, COUPON, SERVICE, DONATION, LEAVE_DAY = KINDS = ("good", "coupon", "service", "donation", "leave_day")
CONFIRMED = (SERVICE, LEAVE_DAY)  # at the till: their redemptions say that it was given
PROPOSED, ON_SALE, PAUSED, CLOSED = STATES = ("proposed", "on_sale", "paused", "closed")
QUEUED, PROCESSING, FULFILLED, REFUNDED, CANCELLED = (
    "queued",
    "processing",
    "fulfilled",
    "refunded",
    "cancelled",
)
ISSUED, USED, EXPIRED = "issued", "used", "expired"  # of a coupon; it can be CANCELLED, too
REDEMPTION, DONATED, REFUND = "redemption", "donation", "refund"  # kinds of transfers
QUANTITY_MAX = 100  # as the contract has it
COUPONS_MAX = 20  # one item each in the redemption's transaction
DONATION_MAX = 1_000_000
DUE_SHARDS = 8
COUPON_DAYS = 90
GIVEN_BACK_WITHIN = timedelta(hours=24)  # where neither a coupon nor a partner tells whether it was used
OFFLINE_GRACE = timedelta(hours=72)  # how late a till that was off line may hand in what it verified
WATCH_AFTER = timedelta(hours=1)  # longer than any partner's answer: then the redemption is looked after
SENT_WITHIN = timedelta(
    days=30
)  # what nobody has sent or confirmed by then is given back, and its address deleted
RECEIVED_AFTER = timedelta(days=15)  # what was sent counts as received by then, as China's shops have it
HOLD_LASTS = timedelta(
    days=30
)  # the hold of a redemption never runs out before the redemption was looked after


@dataclass(frozen=True)
class Reward:
    """A good, coupon, service, donation or day of leave that a programme gives for points.

    ``stock`` counts every piece ever offered, sold ones too; ``per_member_limit`` and ``per_day_limit`` in pieces of one
    member (None: no limit); ``fen``: what the sponsor's budget pays the merchant for a piece; ``lanes``: how many counters
    its queue has (0: no queue); ``valid_days``: how long its coupons live; ``version`` counts the changes; ``proposed_by``:
    everybody who wrote the proposal, with spaces between them; ``delivery``: how it is handed over (``delivery_of``; empty, of
    rewards from before there was a choice: sent where an address is given).
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
    lanes: int = 0
    cancellable: bool = False
    valid_days: int = COUPON_DAYS
    proposed_by: str = ""
    published_by: str = ""
    delivery: str = ""

    @property
    def turned_down(self) -> bool:
        """Whether it was proposed and closed without ever having been on sale: its id is free again."""
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
    """A reward as the catalogue shows it, with the pieces that are left."""

    reward: Reward
    stock_left: int


@dataclass(frozen=True)
class Redemption:
    """What a member got or is about to get: terms as they were at that time. ``points``: what it cost in all.

    ``answer``: what the partner said last (issued, refused, cancelled; empty: nothing), or ``calling_off`` while only its word on
    the call-off counts; ``unsure``: it ended without the partner's word, so the order is still being cancelled there;
    ``cancelling``: the member wants to give it back, since ``given_back_at``; ``late_answer``: what the partner said when
    all was over (``unknown``: nothing, for GIVES_UP_AFTER); ``watch_at``: when somebody has to look after it, and nobody settles
    it until then; ``handover``: its reward's ``delivery``; ``confirmed``: the pieces that a till has handed out;
    ``taken_in``, ``returned_in``: the last report's mark on the stock that it was taken from, and came back to.
    """

    id: str
    member_id: str
    reward_id: str
    programme_id: str
    title: Mapping[str, str]
    quantity: int
    price_points: int
    status: str
    redeemed_at: datetime
    transfer_id: str
    body_hash: str
    delivery: bytes = field(default=b"", repr=False)  # sealed
    kind: str = GOOD
    limits: tuple[bool, bool] = (False, False)  # counted against the member's, against the day's
    merchant_id: str = ""
    budget_id: str = ""
    fen: int = 0
    partner_id: str = ""
    cancellable: bool = False
    coupons: tuple[str, ...] = ()
    lane: int = 0
    lanes: int = 0
    number: int = 0
    reason_code: str = ""
    answer: str = ""
    reference: str = ""
    voucher: bytes = field(default=b"", repr=False)  # sealed
    cancelling: bool = False
    given_back_at: datetime | None = None
    unsure: bool = False
    late_answer: str = ""
    task_token: str = field(default="", repr=False)
    watch_at: datetime | None = None
    handover: str = ""
    sent_at: datetime | None = (
        None  # or confirmed, by the operator; ``reference`` is the carrier's where no partner sends
    )
    carrier: str = ""
    received_at: datetime | None = None
    confirmed: int = 0
    taken_in: str = ""
    returned_in: str = ""
    due_id: str = ""
    settlement_id: str = ""

    @property
    def to_send(self) -> bool:
        """Whether the programme itself still has to send it, or to confirm that it was given."""
        waits = self.status == FULFILLED and self.sent_at is None
        return waits and self.handover in (ADDRESS, OPERATOR) and not self.partner_id

    def delivery_at(self, now: datetime) -> str:
        """``to_send`` or ``to_confirm``, ``sent``, ``received`` (what was sent: RECEIVED_AFTER that at the latest); empty where
        nothing is handed over after the redemption, and for coupons, which tell themselves."""
        if self.status not in (PROCESSING, FULFILLED):
            return ""
        if self.handover == TILL:
            if self.kind not in CONFIRMED:
                return ""
            return RECEIVED if self.confirmed >= self.quantity else TO_CONFIRM
        if self.handover not in (ADDRESS, OPERATOR) or (
            self.sent_at is None and not self.to_send and self.status == FULFILLED
        ):
            return ""
        if self.sent_at is None:
            return TO_SEND if self.handover == ADDRESS else TO_CONFIRM
        return RECEIVED if self.received_at or now >= self.sent_at + RECEIVED_AFTER else SENT

    @property
    def shown_status(self) -> str:
        """As its member sees it: what still has to be sent or confirmed is not fulfilled yet."""
        return PROCESSING if self.to_send else self.status

    @property
    def points(self) -> int:
        """The points that were taken."""
        return self.price_points * self.quantity

    @property
    def is_over(self) -> bool:
        """Whether it ended without a good."""
        return self.status in (REFUNDED, CANCELLED)

    @property
    def lacks_voucher(self) -> bool:
        """Whether the partner said that it issued the good, and nothing more: a reference always comes with what it gave."""
        return self.answer == ISSUED and not self.reference


@dataclass(frozen=True)
class Coupon:
    """One piece that a merchant's staff hand out for a code. ``member_id``: who holds it; ``redeemer_id``: whose points
    paid for it."""

    id: str
    member_id: str
    redeemer_id: str
    redemption_id: str
    reward_id: str
    programme_id: str
    kind: str
    title: Mapping[str, str]
    price_points: int
    merchant_id: str
    budget_id: str
    fen: int
    regions: tuple[str, ...]
    code: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime
    transferable: bool
    returns_points: bool
    status: str = ISSUED
    used_at: datetime | None = None
    branch_id: str = ""
    verification_id: str = ""
    returned_in: str = ""  # as a redemption's, of a coupon that has ended
    due_id: str = ""
    settlement_id: str = ""

    @property
    def number(self) -> int:
        """Which of its redemption's pieces it is, from 0."""
        return int(self.id.rpartition("-")[2])

    def status_at(self, now: datetime) -> str:
        """``expired`` from ``expires_at`` on, whether or not that has been written yet."""
        return EXPIRED if self.status == ISSUED and now >= self.expires_at else self.status


@dataclass(frozen=True)
class Due:
    """What a merchant is owed for: a used coupon, a donation, a partner's order that was fulfilled. ``fen`` a piece, may be 0;
    ``settlement_id``: empty until a settlement has claimed it."""

    id: str
    owner: str
    entry: str
    merchant_id: str
    programme_id: str
    reward_id: str
    redemption_id: str
    coupon_id: str
    budget_id: str
    fen: int
    pieces: int
    branch_id: str
    verified_at: datetime
    settlement_id: str = ""


def require_quantity(quantity: int, kind: str = GOOD, *, coupons: bool = False) -> None:
    """Raise QuantityInvalid unless that many pieces can be redeemed at once."""
    most = DONATION_MAX if kind == DONATION else COUPONS_MAX if coupons else QUANTITY_MAX
    if type(quantity) is not int or not 1 <= quantity <= most:
        raise QuantityInvalid(most=most)


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
)  # what pieces were paid by


def revised(standing: Reward | None, wanted: Reward) -> Reward:
    """The reward after a change: new terms apply from then on, stock, shards and lanes only grow (0 shards: as they are),
    who gives and who pays stays, closed stays closed, and paused stays paused unless another state is wanted; a picture that
    it has already stays as it was handed in. A proposal that was turned down makes way for another reward.

    Raises RewardIdTaken, RewardShrinks, RewardTermsFixed, RewardInvalid (a picture that was not handed in).
    """
    wanted = with_pictures(wanted, standing.pictures if standing else ())
    _require_handed_in(wanted)
    if standing is None or standing.turned_down:
        version = standing.version + 1 if standing else 1
        return replace(wanted, shards=wanted.shards or 1, version=version, state=wanted.state or ON_SALE)
    if wanted.programme_id != standing.programme_id:
        raise RewardIdTaken(programme_id=standing.programme_id)
    if standing.state == CLOSED:
        raise RewardTermsFixed(field="state")
    shards = wanted.shards or standing.shards
    if standing.state != PROPOSED:
        for name in FIXED:
            if getattr(wanted, name) != getattr(standing, name):
                raise RewardTermsFixed(field=name)
        for name, value in (("stock", wanted.stock), ("shards", shards), ("lanes", wanted.lanes)):
            if value < getattr(standing, name):
                raise RewardShrinks(field=name, standing=getattr(standing, name))
    kept = {
        "shards": shards,
        "version": standing.version,
        "state": standing.state,
        "proposed_by": standing.proposed_by,
        "published_by": standing.published_by,
    }
    if standing.state in (ON_SALE, PAUSED) and wanted.state in (ON_SALE, PAUSED):
        kept["state"] = wanted.state
    same = replace(wanted, **kept)  # type: ignore[arg-type]
    return standing if same == standing else replace(same, version=standing.version + 1)


def with_pictures(reward: Reward, known: Iterable[Picture]) -> Reward:
    """The reward with its pictures as they were handed in, where that is known."""
    by_id = {each.document_id: each for each in known}
    return replace(reward, pictures=tuple(by_id.get(each.document_id, each) for each in reward.pictures))


def _require_handed_in(reward: Reward) -> None:
    if not all(each.trace_id for each in reward.pictures):
        raise RewardInvalid(field="pictures", rule="handed in by whoever uploaded them")


def redemption_of(
    reward: Reward,
    member_id: str,
    redemption_id: str,
    quantity: int,
    body_hash: str,
    delivery: bytes,
    now: datetime,
) -> Redemption:
    """The redemption of ``quantity`` pieces at the price of this moment; where the partner has a say it is processing, in a
    queue it is queued. An address that nobody delivers to is not kept. Raises DeliveryRequired."""
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
        status=QUEUED if reward.lanes else state_of(reward),
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


def state_of(reward: Reward) -> str:
    """How a redemption begins once points and stock are there."""
    return PROCESSING if reward.partner_id else FULFILLED


def coupons_of(
    redemption: Redemption, reward: Reward, rule: CouponRule, codes: Sequence[str], now: datetime
) -> list[Coupon]:
    """The coupons of a redemption, one a piece, with the terms of this moment."""
    return [
        Coupon(
            id=f"{redemption.id}-{number}",
            member_id=redemption.member_id,
            redeemer_id=redemption.member_id,
            redemption_id=redemption.id,
            reward_id=reward.id,
            programme_id=reward.programme_id,
            kind=reward.kind,
            title=redemption.title,
            price_points=redemption.price_points,
            merchant_id=reward.merchant_id,
            budget_id=reward.budget_id,
            fen=reward.fen,
            regions=reward.regions,
            code=code,
            issued_at=now,
            expires_at=clock.day_start(clock.programme_day(now) + timedelta(days=reward.valid_days + 1)),
            transferable=rule.transfer,
            returns_points=rule.returns_points,
        )
        for number, code in enumerate(codes)
    ]


def spending(redemption: Redemption) -> Transfer:
    """The member's points are spent for good: from the member to the programme's ``retired`` account."""
    kind = DONATED if redemption.kind == DONATION else REDEMPTION
    return Transfer(redemption.transfer_id, kind, redemption.redeemed_at, _legs(redemption), redemption.id)


def hold_of(redemption: Redemption, now: datetime) -> Hold:
    """The points set aside until the partner has answered; posting them spends them."""
    return Hold(
        redemption.id, member(redemption.member_id), _legs(redemption), now + HOLD_LASTS, redemption.id
    )


def _legs(redemption: Redemption) -> tuple[Leg, ...]:
    asset = points(redemption.programme_id)
    return (
        Leg(member(redemption.member_id), asset, -redemption.points),
        Leg(f"retired:{redemption.programme_id}", asset, redemption.points),
    )


def refund(
    redemption: Redemption, spent: Sequence[Leg], start: int, count: int, now: datetime, *parts: str
) -> Transfer:
    """``count`` of the points that ``spent`` (the legs that took them, oldest lot first) come back, from the ``start``-th on:
    each into the lot it came from, or next month's when that has ended. Its id derives from ``parts`` and the moment, so that it
    stands above the redemption in a statement; that it happens once is a condition of the redemption's or the coupon's state."""
    asset, owner = points(redemption.programme_id), member(redemption.member_id)
    today = clock.programme_day(now)
    lots: dict[str, int] = {}
    position, end = 0, start + count
    for lot, amount in sorted((leg.lot, -leg.amount) for leg in spent if leg.asset == asset and leg.lot):
        portion = min(position + amount, end) - max(position, start)
        if portion > 0:
            back = returned_lot(lot, today)
            lots[back] = lots.get(back, 0) + portion
        position += amount
    if sum(lots.values()) != count:
        raise ValueError("more points would come back than were spent")
    legs = [Leg(owner, asset, amount, lot) for lot, amount in lots.items()]
    return Transfer(
        ids.derived_id(now, redemption.id, REFUND, *parts),
        REFUND,
        now,
        (Leg(f"retired:{redemption.programme_id}", asset, -count), *legs),
        redemption.id,
    )


def commitment(reward: Reward, pieces: int, now: datetime) -> Transfer:
    """The sponsor's money for so many more pieces (below zero: for pieces that are no longer offered)."""
    amount = reward.fen * pieces
    budget, committed = f"budget:{reward.budget_id}", f"committed:{reward.id}"
    legs = (Leg(budget, "CNY", -amount), Leg(committed, "CNY", amount))
    kind = "commit" if pieces > 0 else "release"
    return Transfer(ids.derived_id(now, reward.id, kind, str(reward.version)), kind, now, legs, reward.id)


def usable_at(coupon: Coupon, now: datetime, scanned_at: datetime | None) -> datetime:
    """When a coupon that is handed in ``now`` was used: now or, by a till that was off line, at ``scanned_at``; now as well
    by a till whose clock is ahead of ours by no more than CLOCK_SKEW.

    Raises ScanTimeInvalid, CouponUsed, CouponNotUsable.
    """
    at = scanned_at or now
    if now < at <= now + clock.CLOCK_SKEW:
        at = now
    if not (now - OFFLINE_GRACE <= at <= now and coupon.issued_at <= at + timedelta(seconds=1)):
        raise ScanTimeInvalid(hours=OFFLINE_GRACE // timedelta(hours=1))
    if coupon.status == USED and coupon.used_at:
        raise CouponUsed(used_at=clock.to_text(coupon.used_at), branch_id=coupon.branch_id or "-")
    if (status := coupon.status_at(at)) != ISSUED:
        raise CouponNotUsable(status=status)
    return at


REFUSED = "refused"  # of a partner's answers; ISSUED and CANCELLED are the others


def heard(standing: str, new: str) -> str:
    """What counts after the partner said ``new``, having said ``standing``.

    A good that was issued stays issued until the partner itself cancels it; what it has cancelled stays cancelled; an order
    that was refused and then issued after all is issued.
    """
    if standing == CANCELLED or (standing == ISSUED and new == REFUSED):
        return standing
    return new
