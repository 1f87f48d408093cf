"""What the programme itself hands over: what has to be sent, to which address, or confirmed, that it was, and that it has come."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import AlreadySent, DeliveryNotFound, NotSentYet, RewardNotFound
from puhui.rewards.model import ADDRESS, OPERATOR, RECEIVED, REFUNDED, Redemption
from puhui.rewards.usecases import find, take_back_unsent
from puhui.store.cursors import Cursors
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt


def list_to_send(
    reward_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors, sealer: Sealer
) -> Page[dict[str, Any]]:
    """A page of what has to be sent, each with its address, or confirmed, each with its member, in no order of time. Raises
    RewardNotFound, CursorInvalid."""
    if rewards.reward(reward_id) is None:
        raise RewardNotFound
    scope = f"to send:{reward_id}"
    found, last = rewards.to_send(reward_id, limit, cursors.read(scope, cursor))
    shown = [_shown(each, sealer) for each in found if each.to_send]
    return Page(shown, cursors.write(scope, last))


def _shown(redemption: Redemption, sealer: Sealer) -> dict[str, Any]:
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
    """Say that it was sent, under the carrier's number, or given: it cannot be given back any more, and its address is gone. The
    same again changes nothing. Raises DeliveryNotFound, AlreadySent."""

    def build(session: Session) -> Redemption:
        member_id = rewards.send_to(reward_id, redemption_id)
        if member_id is None:
            raise DeliveryNotFound
        standing = find(member_id, redemption_id, rewards)
        if standing.sent_at:
            if (standing.reference, standing.carrier) != (reference, carrier):
                raise AlreadySent(reference=standing.reference)
            return standing
        if not standing.to_send:
            raise DeliveryNotFound
        sent = replace(
            standing, sent_at=now, reference=reference, carrier=carrier, delivery=b"", watch_at=None
        )
        if standing.handover == OPERATOR:
            sent = replace(sent, received_at=now)
        rewards.add_step(session, standing, sent)
        rewards.remove_to_send(session, standing, now)
        return sent

    return attempt(rewards.dynamodb, build)


def confirm(member_id: str, redemption_id: str, *, rewards: Rewards, now: datetime) -> Redemption:
    """The member says that what was sent has come. Again changes nothing. Raises RedemptionNotFound, DeliveryNotFound (nothing
    is sent), NotSentYet."""
    standing = find(member_id, redemption_id, rewards)
    state = standing.delivery_at(now)
    if not state or standing.handover != ADDRESS:
        raise DeliveryNotFound
    if standing.sent_at is None:
        raise NotSentYet
    if state != RECEIVED:
        rewards.receive(standing, now)
        standing = find(member_id, redemption_id, rewards)
    return standing


def give_back(
    member_id: str, redemption_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    """Give back what nobody has sent or confirmed in time (``SENT_WITHIN``). Raises RedemptionNotFound."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, rewards)
        if not standing.to_send or standing.watch_at is None or standing.watch_at > now:
            return standing
        return take_back_unsent(
            session, standing, REFUNDED, "NOT_SENT", rewards=rewards, ledger=ledger, now=now
        )

    return attempt(rewards.dynamodb, build)


def shown_sent(redemption: Redemption) -> dict[str, Any]:
    """The contract's ``Dispatched``."""
    told = {
        "redemption_id": redemption.id,
        "reference": redemption.reference,
        "sent_at": clock.to_text(redemption.sent_at) if redemption.sent_at else "",
    }
    return told | ({"carrier": redemption.carrier} if redemption.carrier else {})
