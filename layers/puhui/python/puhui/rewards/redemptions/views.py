"""Redemptions as the contract answers them."""

from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.rewards.redemptions.model import (
    FULFILLED,
    PROCESSING,
    QUEUED,
    RECEIVED,
    RECEIVED_AFTER,
    Redemption,
)
from puhui.rewards.redemptions.tickets import ahead

POLL_SECONDS = 2


def redemption_body(redemption: Redemption, serving: int | None = None, *, now: datetime) -> dict[str, Any]:
    """The contract's ``Redemption``, with its price and title of that time; ``serving`` gives the position of one that is queued."""
    body: dict[str, Any] = {
        "id": redemption.id,
        "programme_id": redemption.programme_id,
        "reward_id": redemption.reward_id,
        "quantity": redemption.quantity,
        "status": redemption.visible_status,
        "price_points": redemption.price_points,
        "points": redemption.points,
        "title": dict(redemption.title),
        "redeemed_at": clock.to_text(redemption.redeemed_at),
    }
    if redemption.status == QUEUED and serving is not None:
        body["ahead"] = ahead(redemption.number, serving, redemption.queue_shards)
        body["poll_after_seconds"] = POLL_SECONDS
    if redemption.to_send or (redemption.cancellable and redemption.status in (FULFILLED, PROCESSING)):
        body["cancellable"] = True
    if state := redemption.delivery_at(now):
        body["delivery"] = _delivery(redemption, state)
    more = {
        "reason_code": redemption.reason_code,
        "coupons": list(redemption.coupons),
        "cancelling": redemption.cancelling,
        "sent_at": clock.to_text(redemption.sent_at) if redemption.sent_at else None,
        "sent_as": redemption.reference if redemption.sent_at else "",
    }
    return body | {name: value for name, value in more.items() if value}


def _delivery(redemption: Redemption, state: str) -> dict[str, str]:
    received_at = redemption.received_at
    if state == RECEIVED and received_at is None and redemption.sent_at:
        received_at = redemption.sent_at + RECEIVED_AFTER
    more = {
        "sent_at": clock.to_text(redemption.sent_at) if redemption.sent_at else "",
        "received_at": clock.to_text(received_at) if state == RECEIVED and received_at else "",
        "carrier": redemption.carrier,
        "tracking_no": redemption.reference if redemption.sent_at else "",
    }
    return {"by": redemption.handover, "state": state} | {
        name: value for name, value in more.items() if value
    }
