"""What members can do with rewards: read the catalogue, redeem, queue, look back, cancel."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from puhui.kernel import clock, ids
from puhui.kernel.errors import Conflict, IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger, Leg, TransferPosted, add_hold, of
from puhui.merchants.api import CERTIFIED, Merchants, Picture, PictureState, Standing, require_active
from puhui.programmes.api import programme
from puhui.rewards import model, stock
from puhui.rewards.dynamo import Counter, Rewards
from puhui.rewards.errors import (
    GrantedOnly,
    NotCancellable,
    NotOnSale,
    PriceChanged,
    RedemptionMade,
    RedemptionNotFound,
    RewardNotFound,
)
from puhui.rewards.model import CANCELLED, DONATION, FULFILLED, PROCESSING, QUEUED, Offer, Redemption, Reward
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

CODE_LETTERS, CODE_LENGTH = ids.ALPHABET, 12  # 60 bits of chance
POLL_SECONDS = 2
KNOCKS_AFTER = timedelta(minutes=1)


class Shelf(Protocol):
    """Where offers are read: ``catalogue.Catalogue``, which redeeming does not load."""

    def offer(self, reward_id: str) -> Offer | None: ...
    def offers(self, programme_id: str, limit: int, start: str | None) -> Page[Offer]: ...
    def offers_of_merchant(self, merchant_id: str, limit: int, start: str | None) -> Page[Offer]: ...


@dataclass(frozen=True)
class Redeem:
    """A member wants ``quantity`` pieces. ``key``: the client's own name for this request, if it gave one;
    ``delivery`` seals the address under the redemption's id; ``price_points``: what the member was shown (None: any)."""

    member_id: str
    reward_id: str
    quantity: int
    key: str | None
    body_hash: str
    delivery: Callable[[str], bytes] = field(default=lambda _id: b"", repr=False)
    price_points: int | None = None


def list_rewards(
    programme_id: str,
    limit: int,
    cursor: str | None,
    *,
    catalogue: Shelf,
    cursors: Cursors,
    merchants: Merchants | None = None,
    region: str = "",
) -> Page[Offer]:
    """A page of a programme's rewards, without those whose merchant is suspended and those that are for other regions: it may
    hold fewer than asked for. Raises ProgrammeNotFound, CursorInvalid."""
    programme(programme_id)
    scope = f"rewards:{programme_id}"
    page = catalogue.offers(programme_id, limit, cursors.read_id(scope, cursor))
    offered = [offer for offer in page.items if not region or model.lies_in(region, offer.reward.regions)]
    if merchants and (wanted := [offer.reward.merchant_id for offer in offered if offer.reward.merchant_id]):
        standings = merchants.standings(wanted)
        offered = [offer for offer in offered if _is_honoured(offer.reward, standings)]
    return Page(offered, cursors.write_id(scope, page.cursor))


def _is_honoured(reward: Reward, standings: Mapping[str, Standing]) -> bool:
    standing = standings.get(reward.merchant_id)
    return not reward.merchant_id or (standing is not None and standing.status == CERTIFIED)


def get_reward(reward_id: str, *, catalogue: Shelf) -> Offer:
    """One reward and what is left of it. Raises RewardNotFound, for one that waits for its publication too."""
    offer = catalogue.offer(reward_id)
    if offer is None or offer.reward.state == model.PROPOSED:
        raise RewardNotFound
    return offer


def redeem(
    command: Redeem, *, rewards: Rewards, ledger: Ledger, now: datetime, granted: bool = False
) -> Redemption:
    """Points, stock, limits, coupons and redemption change together or not at all; the same request again gives the first
    answer. Where the reward has a queue the redemption is ``queued`` and nothing is taken yet; where a partner has a say it is
    ``processing`` and the points are held. ``granted``: an operator gives a prize.

    Raises QuantityInvalid, RewardNotFound, GrantedOnly, NotOnSale, NotOnSaleYet, SaleOver, PriceChanged, DeliveryRequired,
    TicketsOpen, MerchantSuspended, LimitReached, DayLimitReached, OutOfStock, NotEnoughPoints, IdempotencyKeyReused.
    """
    model.require_quantity(command.quantity, DONATION)
    redemption_id = ids.key_id(command.member_id, "redeem", command.key) if command.key else ids.new_id(now)

    def build(session: Session) -> Redemption:
        counter = rewards.counter(command.member_id, redemption_id, command.reward_id, ledger, to_queue=True)
        if counter.redemption:
            return _first(counter.redemption, command)
        reward = counter.reward
        model.require_quantity(command.quantity, reward.kind, coupons=reward.gives_coupons)
        _require_offered(counter, now)
        if reward.is_granted != granted:
            raise GrantedOnly
        if command.price_points not in (None, reward.price_points):
            raise PriceChanged(price_points=reward.price_points)
        made = model.redemption_of(
            reward,
            command.member_id,
            redemption_id,
            command.quantity,
            command.body_hash,
            command.delivery(redemption_id),
            now,
        )
        if made.status == QUEUED:
            rewards.take_place(made)
            lane = stock.home_shard(command.member_id, reward.lanes)
            made = replace(made, lane=lane, lanes=reward.lanes, number=rewards.next_number(reward.id, lane))
            rewards.add_redemption(session, made)
            return made
        made, draws = _drawn(_complete(made, reward, now), counter, rewards)
        rewards.add_redemption(session, made)
        _add_effects(session, made, counter, draws, rewards=rewards, ledger=ledger, now=now)
        return made

    refused: Conflict | None = None
    try:
        return attempt(rewards.dynamodb, build, doubt=False)
    except (RedemptionMade, TransferPosted):
        pass
    except Conflict as error:
        # The same request, sent twice at once: this one may have read what the other one left of balance and stock.
        refused = error
    standing = rewards.redemption(command.member_id, redemption_id)
    if standing is None:
        raise refused or RedemptionNotFound
    return _first(standing, command)


def serve(
    member_id: str, redemption_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    """It is a ticket's turn: its redemption happens at the terms it was queued with, or it is ``cancelled`` with the reason.

    Serving it again changes nothing. Raises RedemptionNotFound.
    """

    def build(session: Session) -> Redemption:
        ticket = find(member_id, redemption_id, rewards)
        if ticket.status != QUEUED:
            return ticket
        counter = rewards.counter(member_id, redemption_id, ticket.reward_id, ledger)
        if counter.reward.state != model.ON_SALE:
            raise NotOnSale
        _require_honoured(counter)
        made = _complete(replace(ticket, status=model.state_of(counter.reward)), counter.reward, now)
        made, draws = _drawn(made, counter, rewards)
        rewards.add_step(session, ticket, made)
        _add_effects(session, made, counter, draws, rewards=rewards, ledger=ledger, now=now)
        return made

    try:
        served = attempt(rewards.dynamodb, build, doubt=False)
    except TransferPosted:  # served already, by a twin
        served = find(member_id, redemption_id, rewards)
    except Conflict as refused:
        served = leave_queue(member_id, redemption_id, refused.code, rewards)
    rewards.serve_lane(served.reward_id, served.lane, served.number)
    return served


def cancel(
    member_id: str, redemption_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    """Give a redemption back: a ticket leaves the queue; unused coupons of a reward that allows it are cancelled and the
    points come back, those of a good without coupon or partner until it was sent, or within a day; where a partner has a say
    it is asked first, and the redemption is ``cancelling`` meanwhile.

    Again changes nothing. Raises RedemptionNotFound, NotCancellable.
    """

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, rewards)
        if standing.is_over or standing.cancelling:
            return standing
        if standing.status == QUEUED:
            after = replace(standing, status=CANCELLED, reason_code="CANCELLED_BY_MEMBER")
            rewards.add_step(session, standing, after)
            return after
        if not (standing.cancellable or standing.to_send) or standing.settlement_id:
            raise NotCancellable
        if standing.partner_id:
            # Nobody settles what is looked after; it is due again, as before, when the partner does not take it.
            after = replace(standing, cancelling=True, given_back_at=now, reason_code="", late_answer="")
            after = replace(after, watch_at=now + model.WATCH_AFTER)
            rewards.add_step(session, standing, after)
            return after
        return _take_back(session, standing, rewards=rewards, ledger=ledger, now=now)

    return attempt(rewards.dynamodb, build)


def _take_back(
    session: Session, standing: Redemption, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    if standing.to_send:
        return take_back_unsent(session, standing, rewards=rewards, ledger=ledger, now=now)
    coupons = [coupon for coupon in rewards.coupons_of(standing) if coupon]
    unused = [coupon for coupon in coupons if coupon.status_at(now) == model.ISSUED]
    late = not coupons and now >= standing.redeemed_at + model.GIVEN_BACK_WITHIN
    late |= standing.sent_at is not None
    if standing.kind == DONATION or len(unused) < len(standing.coupons) or late:
        raise NotCancellable
    home = home_of(standing, rewards)
    after = replace(standing, status=CANCELLED, reason_code="CANCELLED_BY_MEMBER", returned_in=home.mark)
    rewards.add_step(session, standing, after)
    for coupon in unused:
        rewards.change_coupon(session, coupon, replace(coupon, status=CANCELLED))
    add_refund(
        session, standing, 0, standing.quantity, "cancelled", home, rewards=rewards, ledger=ledger, now=now
    )
    return after


def take_back_unsent(
    session: Session,
    standing: Redemption,
    status: str = CANCELLED,
    reason_code: str = "CANCELLED_BY_MEMBER",
    *,
    rewards: Rewards,
    ledger: Ledger,
    now: datetime,
) -> Redemption:
    """Give back what the programme has not sent or confirmed: nothing is to be sent any more, and the address is gone."""
    home = home_of(standing, rewards)
    after = replace(standing, status=status, reason_code=reason_code, delivery=b"", watch_at=None)
    after = replace(after, returned_in=home.mark)
    rewards.add_step(session, standing, after)
    rewards.remove_to_send(session, standing)
    add_refund(
        session, standing, 0, standing.quantity, "cancelled", home, rewards=rewards, ledger=ledger, now=now
    )
    return after


@dataclass(frozen=True)
class Home:
    """Where a redemption's pieces come back to: its reward, and the mark of the shard."""

    reward: Reward
    mark: str


def home_of(redemption: Redemption, rewards: Rewards) -> Home:
    """Two reads. Raises RewardNotFound."""
    reward = rewards.reward(redemption.reward_id)
    if reward is None:
        raise RewardNotFound
    return Home(reward, rewards.mark_at_home(redemption, reward.shards))


def add_refund(
    session: Session,
    redemption: Redemption,
    first: int,
    pieces: int,
    why: str,
    home: Home,
    *,
    rewards: Rewards,
    ledger: Ledger,
    now: datetime,
    with_limits: bool = True,
) -> None:
    """Points of ``pieces`` pieces, from the ``first``-th on, come back into their lots, the pieces into stock."""
    spent = spent_legs(redemption, ledger)
    price = redemption.price_points
    back = model.refund(redemption, spent, first * price, pieces * price, now, why)
    ledger.add(session, [back], {}, clock.programme_day(now))
    counted = redemption if with_limits else replace(redemption, limits=(False, False))
    rewards.give_back(session, counted, pieces, home.reward.shards, home.mark)


def spent_legs(redemption: Redemption, ledger: Ledger) -> tuple[Leg, ...]:
    """The legs by which the redemption's points left the member, lot by lot."""
    owner = f"member:{redemption.member_id}"
    if redemption.partner_id:
        held = ledger.hold(owner, redemption.id)
        return tuple(leg for leg in held.legs if leg.amount < 0) if held else ()
    transfer = ledger.transfer(owner, redemption.transfer_id)
    return tuple(leg for leg in transfer.legs if leg.amount < 0) if transfer else ()


def list_redemptions(
    member_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[Redemption]:
    """A page of the member's redemptions, newest first: one query. Raises CursorInvalid."""
    scope = f"redemptions:{member_id}"
    items, position = rewards.redemptions(member_id, limit, cursors.read(scope, cursor))
    return Page(items, cursors.write(scope, position))


def get_redemption(member_id: str, redemption_id: str, *, rewards: Rewards) -> Redemption:
    """One of the member's redemptions. Raises RedemptionNotFound, for somebody else's too."""
    return find(member_id, redemption_id, rewards)


def serving(redemption: Redemption, *, rewards: Rewards) -> int | None:
    """While a redemption is queued, the number that its lane serves; one read."""
    return rewards.serving(redemption) if redemption.status == QUEUED else None


def knock(redemption: Redemption, served: int | None, *, rewards: Rewards, now: datetime) -> None:
    """Put a ticket before the stream again whose lane went on without it (the stream had given it up); once a minute."""
    if served is None or served < redemption.number or now < redemption.redeemed_at + KNOCKS_AFTER:
        return
    rewards.knock(redemption, now, now - KNOCKS_AFTER)


def find(member_id: str, redemption_id: str, rewards: Rewards) -> Redemption:
    """One of the member's redemptions. Raises RedemptionNotFound, for somebody else's too."""
    if (redemption := rewards.redemption(member_id, redemption_id)) is None:
        raise RedemptionNotFound
    return redemption


def shown_offer(offer: Offer, states: Mapping[Picture, PictureState] | None = None) -> dict[str, Any]:
    """The contract's ``Reward``, with the pictures that passed (``pictures.states_of``)."""
    reward = offer.reward
    seen = [states[each].url for each in reward.pictures] if states else []
    told: dict[str, Any] = {
        "id": reward.id,
        "programme_id": reward.programme_id,
        "kind": reward.kind,
        "title": dict(reward.title),
        "price_points": reward.price_points,
        "stock_left": offer.stock_left,
        "per_member_limit": reward.per_member_limit,
        "state": reward.state,
    }
    more = {
        "per_day_limit": reward.per_day_limit,
        "opens_at": clock.to_text(reward.opens_at) if reward.opens_at else None,
        "closes_at": clock.to_text(reward.closes_at) if reward.closes_at else None,
        "description": dict(reward.description),
        "pictures": [url for url in seen if url],
        "regions": list(reward.regions),
        "merchant_id": reward.merchant_id,
        "queue": bool(reward.lanes),
        "cancellable": reward.cancellable or reward.delivery in (model.ADDRESS, model.OPERATOR),
        "delivery": reward.delivery,
    }
    return told | {name: value for name, value in more.items() if value}


def shown(redemption: Redemption, serving: int | None = None, *, now: datetime) -> dict[str, Any]:
    """The contract's ``Redemption``, with what it cost and what it was called at that time; ``serving`` tells the
    position of one that is queued."""
    told: dict[str, Any] = {
        "id": redemption.id,
        "programme_id": redemption.programme_id,
        "reward_id": redemption.reward_id,
        "quantity": redemption.quantity,
        "status": redemption.shown_status,
        "price_points": redemption.price_points,
        "points": redemption.points,
        "title": dict(redemption.title),
        "redeemed_at": clock.to_text(redemption.redeemed_at),
    }
    if redemption.status == QUEUED and serving is not None:
        told["ahead"] = stock.ahead(redemption.number, serving, redemption.lanes)
        told["poll_after_seconds"] = POLL_SECONDS
    if redemption.to_send or (redemption.cancellable and redemption.status in (FULFILLED, PROCESSING)):
        told["cancellable"] = True
    if state := redemption.delivery_at(now):
        told["delivery"] = _shown_delivery(redemption, state)
    more = {
        "reason_code": redemption.reason_code,
        "coupons": list(redemption.coupons),
        "cancelling": redemption.cancelling,
        "sent_at": clock.to_text(redemption.sent_at) if redemption.sent_at else None,
        "sent_as": redemption.reference if redemption.sent_at else "",
    }
    return told | {name: value for name, value in more.items() if value}


def _shown_delivery(redemption: Redemption, state: str) -> dict[str, str]:
    received_at = redemption.received_at
    if state == model.RECEIVED and received_at is None and redemption.sent_at:
        received_at = redemption.sent_at + model.RECEIVED_AFTER
    more = {
        "sent_at": clock.to_text(redemption.sent_at) if redemption.sent_at else "",
        "received_at": clock.to_text(received_at) if state == model.RECEIVED and received_at else "",
        "carrier": redemption.carrier,
        "tracking_no": redemption.reference if redemption.sent_at else "",
    }
    return {"by": redemption.handover, "state": state} | {
        name: value for name, value in more.items() if value
    }


def _require_offered(counter: Counter, now: datetime) -> None:
    model.require_on_sale(counter.reward, now)
    _require_honoured(counter)


def _require_honoured(counter: Counter) -> None:
    if not counter.reward.merchant_id:
        return
    if counter.merchant is None:
        raise NotOnSale
    require_active(counter.merchant)


def _complete(made: Redemption, reward: Reward, now: datetime) -> Redemption:
    """The redemption with what only its happening decides: coupons, limits it counts against, who looks after it, and that
    a donation is owed at once."""
    made = replace(made, limits=(reward.per_member_limit is not None, reward.per_day_limit is not None))
    if made.status == PROCESSING:
        return replace(made, watch_at=now + model.WATCH_AFTER)
    if made.to_send:
        return replace(made, watch_at=now + model.SENT_WITHIN)
    if reward.gives_coupons:
        return replace(made, coupons=tuple(f"{made.id}-{number}" for number in range(made.quantity)))
    if reward.kind == DONATION and reward.merchant_id:
        return replace(made, due_id=ids.derived_id(now, made.id, "due"))
    return made


def _drawn(made: Redemption, counter: Counter, rewards: Rewards) -> tuple[Redemption, dict[int, int]]:
    """The redemption with the mark of the stock that it takes from, and how many pieces each shard gives. Raises OutOfStock, Moved."""
    reward, quantity = counter.reward, made.quantity
    if counter.left >= quantity:
        return replace(made, taken_in=counter.mark), {counter.home: quantity}
    left, mark = [counter.left], counter.mark
    if reward.shards > 1:
        left, mark = rewards.stock_for(reward, quantity)
    return replace(made, taken_in=mark), stock.draws(left, counter.home, quantity)


def _add_effects(
    session: Session,
    made: Redemption,
    counter: Counter,
    draws: Mapping[int, int],
    *,
    rewards: Rewards,
    ledger: Ledger,
    now: datetime,
) -> None:
    """Everything a redemption does besides standing there: limits, stock, points, coupons, what its merchant is owed."""
    reward = counter.reward
    if reward.per_member_limit is not None:
        rewards.count_taken(session, made, reward.per_member_limit)
    if reward.per_day_limit is not None:
        rewards.count_day(session, made, reward.per_day_limit)
    rewards.draw(session, reward.id, draws, made.taken_in)
    balances = of([counter.balance])
    if made.status == PROCESSING:
        rewards.add_order(session, made)
        add_hold(session, model.hold_of(made, now), balances, ledger=ledger, now=now)
    elif made.points:  # a prize takes none
        ledger.add(session, [model.spending(made)], balances, clock.programme_day(now))
    if made.to_send:
        rewards.add_to_send(session, made)
    if made.coupons:
        rule = programme(reward.programme_id).coupons
        for coupon in model.coupons_of(made, reward, rule, [new_code() for _ in made.coupons], now):
            rewards.add_coupon(session, coupon)


def new_code() -> str:
    """A coupon's code for the till: nobody can guess it."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def leave_queue(member_id: str, redemption_id: str, reason_code: str, rewards: Rewards) -> Redemption:
    """The ticket, given up for that reason; as it stands when it was served meanwhile. Raises RedemptionNotFound."""

    def build(session: Session) -> Redemption:
        ticket = find(member_id, redemption_id, rewards)
        if ticket.status != QUEUED:
            return ticket
        after = replace(ticket, status=CANCELLED, reason_code=reason_code)
        rewards.add_step(session, ticket, after)
        return after

    return attempt(rewards.dynamodb, build)


def _first(standing: Redemption, command: Redeem) -> Redemption:
    if standing.body_hash != command.body_hash:
        raise IdempotencyKeyReused
    return standing
