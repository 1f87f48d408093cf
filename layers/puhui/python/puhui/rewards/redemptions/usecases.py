"""Redeeming, and a member's redemptions. Redeeming reads, decides and writes, once each."""

from dataclasses import replace
from datetime import datetime

from puhui.kernel import ids
from puhui.kernel.errors import Conflict, IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger, TransferPosted
from puhui.rewards.errors import RedemptionNotFound
from puhui.rewards.redemptions.decision import Redeem, complete, in_queue, require_redeemable
from puhui.rewards.redemptions.model import QUEUED, Redemption, redemption_of
from puhui.rewards.redemptions.writing import add_effects, draw_for
from puhui.rewards.repositories import Rewards
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
    redemption_id = ids.key_id(command.member_id, "redeem", command.key) if command.key else ids.new_id(now)

    def build(session: Session) -> Redemption:
        reading = rewards.reader.read(
            command.member_id, redemption_id, command.reward_id, ledger, to_queue=True
        )
        if reading.redemption:
            return _first_answer(reading.redemption, command)
        require_redeemable(command, reading, now, granted=granted)
        wanted = redemption_of(
            reading.reward,
            command.member_id,
            redemption_id,
            command.quantity,
            command.body_hash,
            command.delivery(redemption_id),
            now,
        )
        if wanted.status == QUEUED:
            ticket = in_queue(wanted, reading.reward)
            made = replace(ticket, number=rewards.tickets.reserve(ticket))
            rewards.redemptions.add(session, made)
            return made
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


def _first_answer(existing: Redemption, command: Redeem) -> Redemption:
    if existing.body_hash != command.body_hash:
        raise IdempotencyKeyReused
    return existing


def list_redemptions(
    member_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[Redemption]:
    """A page of the member's redemptions, newest first: one query. Raises CursorInvalid."""
    scope = f"redemptions:{member_id}"
    items, position = rewards.redemptions.by_time(member_id, limit, cursors.read(scope, cursor))
    return Page(items, cursors.write(scope, position))
