"""What the programme itself hands over: operators send it, or confirm that it was given; members confirm that it came."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger
from puhui.rewards.catalogue.model import ADDRESS, OPERATOR
from puhui.rewards.errors import AlreadySent, DeliveryNotFound, NotSentYet, RewardNotFound
from puhui.rewards.redemptions.cancelling import refund_unsent
from puhui.rewards.redemptions.model import RECEIVED, REFUNDED, Redemption
from puhui.rewards.repositories import Rewards
from puhui.store.cursors import Cursors
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt


def list_to_send(
    reward_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors, sealer: Sealer
) -> Page[dict[str, Any]]:
    """A page of what has to be sent, each with its address, or confirmed, each with its member, in no order of time. Raises
    RewardNotFound, CursorInvalid."""
    if rewards.catalogue.reward(reward_id) is None:
        raise RewardNotFound
    scope = f"to send:{reward_id}"
    found, last = rewards.deliveries.to_send(reward_id, limit, cursors.read(scope, cursor))
    bodies = [_delivery_body(each, sealer) for each in found if each.to_send]
    return Page(bodies, cursors.write(scope, last))


def _delivery_body(redemption: Redemption, sealer: Sealer) -> dict[str, Any]:
    where: dict[str, str] = {"member_id": redemption.member_id}
    if redemption.handover == ADDRESS:
        where = json.loads(sealer.open(redemption.delivery, redemption.id, "delivery"))
    return where | {
        "redemption_id": redemption.id,
        "by": redemption.handover,
        "quantity": redemption.quantity,
        "redeemed_at": clock.to_text(redemption.redeemed_at),
    }


def dispatch(
    reward_id: str, redemption_id: str, reference: str, carrier: str = "", *, rewards: Rewards, now: datetime
) -> Redemption:
    """It was sent, under the carrier's number, or given: it cannot be given back any more, and its address is deleted. The same
    again changes nothing. Raises DeliveryNotFound, AlreadySent."""

    def build(session: Session) -> Redemption:
        member_id = rewards.deliveries.member_of(reward_id, redemption_id)
        if member_id is None:
            raise DeliveryNotFound
        current = rewards.redemptions.find(member_id, redemption_id)
        if current.sent_at:
            if (current.reference, current.carrier) != (reference, carrier):
                raise AlreadySent(reference=current.reference)
            return current
        if not current.to_send:
            raise DeliveryNotFound
        sent = replace(current, sent_at=now, reference=reference, carrier=carrier)
        sent = replace(sent, delivery=b"", next_check_at=None)
        if current.handover == OPERATOR:
            sent = replace(sent, received_at=now)
        sent = rewards.redemptions.change(session, current, sent)
        rewards.deliveries.remove(session, current, now)
        return sent

    return attempt(rewards.dynamodb, build)


def confirm(member_id: str, redemption_id: str, *, rewards: Rewards, now: datetime) -> Redemption:
    """The member received what was sent. Again changes nothing. Raises RedemptionNotFound, DeliveryNotFound (nothing is sent),
    NotSentYet."""
    current = rewards.redemptions.find(member_id, redemption_id)
    state = current.delivery_at(now)
    if not state or current.handover != ADDRESS:
        raise DeliveryNotFound
    if current.sent_at is None:
        raise NotSentYet
    if state != RECEIVED:
        rewards.redemptions.confirm_receipt(current, now)
        current = rewards.redemptions.find(member_id, redemption_id)
    return current


def refund_overdue(
    member_id: str, redemption_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    """Refund what nobody has sent or confirmed in time (SENT_WITHIN). Raises RedemptionNotFound."""

    def build(session: Session) -> Redemption:
        current = rewards.redemptions.find(member_id, redemption_id)
        if not current.to_send or current.next_check_at is None or current.next_check_at > now:
            return current
        return refund_unsent(session, current, REFUNDED, "NOT_SENT", rewards=rewards, ledger=ledger, now=now)

    return attempt(rewards.dynamodb, build)


def dispatched_body(redemption: Redemption) -> dict[str, Any]:
    """The contract's ``Dispatched``."""
    body = {
        "redemption_id": redemption.id,
        "reference": redemption.reference,
        "sent_at": clock.to_text(redemption.sent_at) if redemption.sent_at else "",
    }
    return body | ({"carrier": redemption.carrier} if redemption.carrier else {})
