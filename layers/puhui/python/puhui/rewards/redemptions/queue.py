"""The queue of a reward that a crowd waits for: tickets are served in their turn, left, and queued again."""

from dataclasses import replace
from datetime import datetime, timedelta

from puhui.kernel.errors import Conflict
from puhui.ledger.api import Ledger, TransferPosted
from puhui.rewards.redemptions.decision import complete, decide_ticket
from puhui.rewards.redemptions.model import CANCELLED, QUEUED, Redemption
from puhui.rewards.redemptions.writing import add_effects, draw_for
from puhui.rewards.repositories import Rewards
from puhui.store.session import Session, attempt

REQUEUE_AFTER = timedelta(minutes=1)


def serve(
    member_id: str, redemption_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    """It is a ticket's turn: it becomes a redemption at the terms it was queued with, or it is ``cancelled`` with the reason.

    Serving it again changes nothing. Raises RedemptionNotFound.
    """

    def build(session: Session) -> Redemption:
        ticket = rewards.redemptions.find(member_id, redemption_id)
        if ticket.status != QUEUED:
            return ticket
        reading = rewards.reader.read(member_id, redemption_id, ticket.reward_id, ledger)
        wanted = decide_ticket(ticket, reading)
        draw = draw_for(wanted, reading, rewards)
        made = complete(wanted, reading.reward, draw.mark, now)
        made = rewards.redemptions.change(session, ticket, made)
        rewards.tickets.release(session, ticket)
        add_effects(session, made, reading, draw, rewards=rewards, ledger=ledger, now=now)
        return made

    try:
        served = attempt(rewards.dynamodb, build, doubt=False)
    except TransferPosted:  # served already, by a twin
        served = rewards.redemptions.find(member_id, redemption_id)
    except Conflict as refused:
        served = leave_queue(member_id, redemption_id, refused.code, rewards)
    rewards.tickets.advance(served)
    return served


def leave_queue(member_id: str, redemption_id: str, reason_code: str, rewards: Rewards) -> Redemption:
    """Cancel a ticket for that reason; one that was served meanwhile is returned unchanged. Raises RedemptionNotFound."""

    def build(session: Session) -> Redemption:
        ticket = rewards.redemptions.find(member_id, redemption_id)
        if ticket.status != QUEUED:
            return ticket
        return cancel_ticket(session, ticket, reason_code, rewards)

    return attempt(rewards.dynamodb, build)


def cancel_ticket(session: Session, ticket: Redemption, reason_code: str, rewards: Rewards) -> Redemption:
    """The ticket leaves the queue; nothing was drawn, so nothing comes back."""
    after = replace(ticket, status=CANCELLED, reason_code=reason_code)
    after = rewards.redemptions.change(session, ticket, after)
    rewards.tickets.release(session, ticket)
    return after


def serving(redemption: Redemption, *, rewards: Rewards) -> int | None:
    """While a redemption is queued, the number that its queue shard serves; one read."""
    return rewards.tickets.serving(redemption) if redemption.status == QUEUED else None


def requeue(redemption: Redemption, served: int | None, *, rewards: Rewards, now: datetime) -> None:
    """Report a ticket to the stream again whose queue shard went on without it (the stream gave it up); once a minute."""
    if served is None or served < redemption.number or now < redemption.redeemed_at + REQUEUE_AFTER:
        return
    rewards.tickets.requeue(redemption, now, now - REQUEUE_AFTER)
