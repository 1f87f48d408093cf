"""Redeeming, and a member's redemptions. Redeeming reads, decides and writes, once each."""

from dataclasses import replace
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.kernel.errors import Conflict, IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger, TransferPosted, add_hold, of
from puhui.programmes.api import programme
from puhui.rewards.catalogue.model import DONATION, Reward
from puhui.rewards.coupons.model import coupons_of, new_code
from puhui.rewards.errors import RedemptionNotFound
from puhui.rewards.redemptions.decision import Redeem, complete, decide, require_quantity
from puhui.rewards.redemptions.model import PROCESSING, QUEUED, Redemption
from puhui.rewards.redemptions.reading import Reading
from puhui.rewards.redemptions.transfers import hold_of, spending
from puhui.rewards.repositories import Rewards
from puhui.rewards.stock.model import Draw, home_shard
from puhui.store.conditions import AlreadyExists
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


def redeem(
    command: Redeem, *, rewards: Rewards, ledger: Ledger, now: datetime, granted: bool = False
) -> Redemption:
    """Points, stock, limits, coupons and redemption change together or not at all; the same request again gets the first
    answer. Where the reward has a queue the redemption is ``queued`` and nothing is drawn yet; where a partner decides it is
    ``processing`` and the points are held. ``granted``: an operator gives a prize.

    Raises QuantityInvalid, RewardNotFound, GrantedOnly, NotOnSale, NotOnSaleYet, SaleOver, PriceChanged, DeliveryRequired,
    TicketsOpen, MerchantSuspended, LimitReached, DayLimitReached, OutOfStock, NotEnoughPoints, IdempotencyKeyReused.
    """
    require_quantity(command.quantity, DONATION)
    redemption_id = ids.key_id(command.member_id, "redeem", command.key) if command.key else ids.new_id(now)

    def build(session: Session) -> Redemption:
        reading = rewards.reader.read(
            command.member_id, redemption_id, command.reward_id, ledger, to_queue=True
        )
        if reading.redemption:
            return _first_answer(reading.redemption, command)
        wanted = decide(command, redemption_id, reading, now, granted=granted)
        if wanted.status == QUEUED:
            return _add_ticket(session, wanted, reading.reward, rewards)
        draw = draw_for(wanted, reading, rewards)
        made = complete(wanted, reading.reward, draw.mark, now)
        rewards.redemptions.add(session, made)
        add_effects(session, made, reading, draw, rewards=rewards, ledger=ledger, now=now)
        return made

    refused: Conflict | None = None
    try:
        return attempt(rewards.dynamodb, build, doubt=False)
    except (AlreadyExists, TransferPosted):
        pass
    except Conflict as error:
        # The same request, sent twice at once: this one may have read what the other one left of balance and stock.
        refused = error
    existing = rewards.redemptions.redemption(command.member_id, redemption_id)
    if existing is None:
        raise refused or RedemptionNotFound
    return _first_answer(existing, command)


def _add_ticket(session: Session, wanted: Redemption, reward: Reward, rewards: Rewards) -> Redemption:
    shard = home_shard(wanted.member_id, reward.queue_shards)
    ticket = replace(wanted, queue_shard=shard, queue_shards=reward.queue_shards)
    ticket = replace(ticket, number=rewards.tickets.reserve(ticket))
    rewards.redemptions.add(session, ticket)
    return ticket


def _first_answer(existing: Redemption, command: Redeem) -> Redemption:
    if existing.body_hash != command.body_hash:
        raise IdempotencyKeyReused
    return existing


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
        for coupon in coupons_of(made, reward, rule, [new_code() for _ in made.coupons], now):
            rewards.coupons.add(session, coupon)


def list_redemptions(
    member_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[Redemption]:
    """A page of the member's redemptions, newest first: one query. Raises CursorInvalid."""
    scope = f"redemptions:{member_id}"
    items, position = rewards.redemptions.by_time(member_id, limit, cursors.read(scope, cursor))
    return Page(items, cursors.write(scope, position))
