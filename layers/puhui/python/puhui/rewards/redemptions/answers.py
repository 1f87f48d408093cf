"""What a partner's answer makes of a redemption. Pure: each function gets the redemption before and returns the one after.

We write down that we cancel an order before we ask (CANCELLATION_SENT where the partner had not answered yet, ``cancelling`` where the
member returns an issued good). From then on only the partner's answer to that counts as a promise: its answer may get lost, and a
good that it has cancelled must not be paid for. A rejected cancellation counts at once; the voucher is fetched afterwards.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from puhui.partners.api import ACCEPTED, Answer
from puhui.rewards.redemptions.model import (
    CANCELLATION_SENT,
    CANCELLED,
    CHECK_AFTER,
    FULFILLED,
    GIVES_UP_AFTER,
    ISSUED,
    PROCESSING,
    REFUSED,
    Redemption,
)

CANCELLING, OVER = "cancelling", "over"  # what the workflow goes on with, besides answers
UNKNOWN = "unknown"  # a late answer: the partner never answered
ASKS_WITHIN = timedelta(days=1)  # the longest pause between two attempts


def binding_answer(before: str, new: str) -> str:
    """What counts after the partner answered ``new``, having answered ``before``.

    An issued good remains issued until the partner itself cancels it. A cancelled order remains cancelled. An order that was refused
    and then issued after all is issued.
    """
    if before == CANCELLED or (before == ISSUED and new == REFUSED):
        return before
    return new


def next_step(redemption: Redemption) -> str | None:
    """What an order's workflow goes on with, once there is something: issued, refused, cancelled, cancelling (the order has to be
    cancelled), over."""
    if redemption.status != PROCESSING:
        return OVER
    if redemption.answer == CANCELLATION_SENT or (
        redemption.cancelling and redemption.answer in ("", ISSUED)
    ):
        return CANCELLING
    return redemption.answer or None


def answered(
    before: Redemption, answer: Answer, voucher: bytes, *, cancellation_rejected: bool = False
) -> Redemption:
    """The redemption after the partner's answer; ``voucher`` is sealed. After the end an answer changes nothing but a voucher that was
    missing, and ``late_answer``, for the operator."""
    if before.is_open:
        return _decided(before, answer, voucher, cancellation_rejected=cancellation_rejected)
    if before.awaits_voucher:
        return _issued(before, answer, voucher) if answer.outcome == ISSUED else before
    if before.is_over and answer.outcome == ISSUED:
        return replace(before, late_answer=ISSUED)
    if before.late_answer and answer.outcome == CANCELLED and not before.settlement_id:
        return replace(before, late_answer=CANCELLED)  # of a return that we gave up
    return before


def _decided(
    before: Redemption, answer: Answer, voucher: bytes, *, cancellation_rejected: bool
) -> Redemption:
    known = "" if before.answer == CANCELLATION_SENT else before.answer
    # Once we have asked to cancel, ``issued`` may be older than our request: the answer to that will follow.
    outdated = not known and before.answer and answer.outcome == ISSUED and not cancellation_rejected
    if answer.outcome == ACCEPTED or outdated:
        return before
    counts = binding_answer(known, answer.outcome)
    after = before
    if counts == ISSUED and (before.answer != ISSUED or before.lacks_voucher):
        after = _issued(before, answer, voucher) if answer.outcome == ISSUED else before
    elif counts != before.answer:
        after = replace(before, answer=counts, reference=answer.reference or before.reference)
    if counts == ISSUED and cancellation_rejected:
        after = replace(after, cancelling=False)
        if after.status == FULFILLED and not after.lacks_voucher:
            after = replace(after, next_check_at=None)
    return after


def _issued(before: Redemption, answer: Answer, voucher: bytes) -> Redemption:
    """The good is the member's, with its voucher when the partner sent it: then the order is done."""
    after = replace(before, answer=ISSUED, reference=answer.reference, voucher=voucher)
    if after.status == FULFILLED and answer.reference:
        after = replace(after, delivery=b"", late_answer="")
        after = after if after.cancelling else replace(after, next_check_at=None)
    return after


def checked_again(before: Redemption, now: datetime) -> Redemption:
    """The partner did not answer: it is asked again after as long as it has taken so far, at most ASKS_WITHIN. After GIVES_UP_AFTER
    everything remains where it is: what should be returned is the member's, and payable as before."""
    since = (before.cancelling and before.given_back_at) or before.redeemed_at
    if now < since + GIVES_UP_AFTER:
        pause = min(max(now - since, CHECK_AFTER), ASKS_WITHIN)
        return replace(before, next_check_at=now + pause)
    return replace(
        before,
        next_check_at=None,
        unsure=False,
        cancelling=False,
        delivery=b"",
        late_answer=before.late_answer or UNKNOWN,
        reason_code="PARTNER_SILENT" if before.cancelling else before.reason_code,
    )


def reason_of(redemption: Redemption) -> str:
    """Why an order ends without a good."""
    if redemption.cancelling:
        return "CANCELLED_BY_MEMBER"
    return "PARTNER_REFUSED" if redemption.answer == REFUSED else "PARTNER_SILENT"
