"""A member gives a redemption back."""

from dataclasses import replace
from datetime import datetime

from puhui.ledger.api import Ledger
from puhui.rewards.catalogue.model import DONATION
from puhui.rewards.coupons import model as coupon
from puhui.rewards.errors import NotCancellable
from puhui.rewards.redemptions.model import (
    CANCELLED,
    CHECK_AFTER,
    QUEUED,
    REFUND_WITHIN,
    Redemption,
)
from puhui.rewards.redemptions.queue import cancel_ticket
from puhui.rewards.redemptions.refunds import add_refund, origin_of
from puhui.rewards.repositories import Rewards
from puhui.store.session import Session, attempt


def cancel(
    member_id: str, redemption_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    """Give a redemption back. A ticket leaves the queue. Unused coupons of a reward that allows it are cancelled and the points come
    back; those of a good without coupon or partner until it was sent, or within a day. A partner is asked first, and the
    redemption is ``cancelling`` meanwhile.

    Again changes nothing. Raises RedemptionNotFound, NotCancellable.
    """

    def build(session: Session) -> Redemption:
        current = rewards.redemptions.find(member_id, redemption_id)
        if current.is_over or current.cancelling:
            return current
        if current.status == QUEUED:
            return cancel_ticket(session, current, "CANCELLED_BY_MEMBER", rewards)
        if not (current.cancellable or current.to_send) or current.settlement_id:
            raise NotCancellable
        if current.partner_id:
            # While it is checked no settlement claims it; it is payable again when the partner rejects the cancellation.
            after = replace(current, cancelling=True, given_back_at=now, reason_code="", late_answer="")
            after = replace(after, next_check_at=now + CHECK_AFTER)
            return rewards.redemptions.change(session, current, after)
        if current.to_send:
            return refund_unsent(session, current, rewards=rewards, ledger=ledger, now=now)
        return _refund(session, current, rewards=rewards, ledger=ledger, now=now)

    return attempt(rewards.dynamodb, build)


def _refund(
    session: Session, current: Redemption, *, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    held = [each for each in rewards.coupons.of_redemption(current) if each]
    unused = [each for each in held if each.status_at(now) == coupon.ISSUED]
    late = not held and now >= current.redeemed_at + REFUND_WITHIN
    late |= current.sent_at is not None
    if current.kind == DONATION or len(unused) < len(current.coupons) or late:
        raise NotCancellable
    origin = origin_of(current, rewards)
    after = replace(current, status=CANCELLED, reason_code="CANCELLED_BY_MEMBER", returned_in=origin.mark)
    after = rewards.redemptions.change(session, current, after)
    for each in unused:
        rewards.coupons.change(session, each, replace(each, status=coupon.CANCELLED))
    add_refund(session, current, origin, rewards=rewards, ledger=ledger, now=now)
    return after


def refund_unsent(
    session: Session,
    current: Redemption,
    status: str = CANCELLED,
    reason_code: str = "CANCELLED_BY_MEMBER",
    *,
    rewards: Rewards,
    ledger: Ledger,
    now: datetime,
) -> Redemption:
    """Give back what the programme has not sent or confirmed: nothing is to be sent any more, and the address is deleted."""
    origin = origin_of(current, rewards)
    after = replace(current, status=status, reason_code=reason_code, delivery=b"", next_check_at=None)
    after = replace(after, returned_in=origin.mark)
    after = rewards.redemptions.change(session, current, after)
    rewards.deliveries.remove(session, current)
    add_refund(session, current, origin, rewards=rewards, ledger=ledger, now=now)
    return after
