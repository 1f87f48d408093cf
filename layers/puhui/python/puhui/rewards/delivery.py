"""Goods that the programme itself sends: what has to be sent, to which address, and that it was."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import AlreadySent, DeliveryNotFound, RewardNotFound
from puhui.rewards.model import Redemption
from puhui.rewards.usecases import find
from puhui.store.cursors import Cursors
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt


def list_to_send(
    reward_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors, sealer: Sealer
) -> Page[dict[str, Any]]:
    """A page of what has to be sent, each with its address, in no order of time. Raises RewardNotFound, CursorInvalid."""
    if rewards.reward(reward_id) is None:
        raise RewardNotFound
    scope = f"to send:{reward_id}"
    found, last = rewards.to_send(reward_id, limit, cursors.read(scope, cursor))
    shown = [_shown(each, sealer) for each in found if each.to_send]
    return Page(shown, cursors.write(scope, last))


def _shown(redemption: Redemption, sealer: Sealer) -> dict[str, Any]:
    where: dict[str, str] = json.loads(sealer.open(redemption.delivery, redemption.id, "delivery"))
    return where | {
        "redemption_id": redemption.id,
        "quantity": redemption.quantity,
        "redeemed_at": clock.to_text(redemption.redeemed_at),
    }


def dispatch(
    reward_id: str, redemption_id: str, reference: str, *, rewards: Rewards, now: datetime
) -> Redemption:
    """Say that it was sent, under the carrier's number: it cannot be given back any more, and its address is gone. The same again
    changes nothing. Raises DeliveryNotFound, AlreadySent."""

    def build(session: Session) -> Redemption:
        member_id = rewards.send_to(reward_id, redemption_id)
        if member_id is None:
            raise DeliveryNotFound
        standing = find(member_id, redemption_id, rewards)
        if standing.sent_at:
            if standing.reference != reference:
                raise AlreadySent(reference=standing.reference)
            return standing
        if not standing.to_send:
            raise DeliveryNotFound
        sent = replace(standing, sent_at=now, reference=reference, delivery=b"")
        rewards.add_step(session, standing, sent)
        rewards.remove_to_send(session, standing, now)
        return sent

    return attempt(rewards.dynamodb, build)


def shown_sent(redemption: Redemption) -> dict[str, Any]:
    """The contract's ``Dispatched``."""
    return {
        "redemption_id": redemption.id,
        "reference": redemption.reference,
        "sent_at": clock.to_text(redemption.sent_at) if redemption.sent_at else "",
    }
