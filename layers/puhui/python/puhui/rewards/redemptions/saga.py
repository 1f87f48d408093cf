"""Redemptions on which a partner decides: points are held and pieces reserved, the partner issues, then the points are spent or
everything comes back. ``infra/workflows/redemption.asl.json`` calls the steps; each may run twice, in any order, and be cut off anywhere.

The partner's answer is written on the redemption first (``answers``). ``end`` then does what is written there, in one transaction under
the optimistic lock: so a redemption ends once, with the good promised or with the points back.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import ids
from puhui.kernel.errors import Unavailable
from puhui.ledger.api import Ledger, add_post, add_void
from puhui.ledger.api import member as account_of
from puhui.partners import api as partners
from puhui.rewards.catalogue.model import ADDRESS
from puhui.rewards.errors import OrderNotFound, OrderVoid, RewardNotFound
from puhui.rewards.redemptions.answers import OVER, answered, checked_again, next_step, reason_of
from puhui.rewards.redemptions.model import (
    CANCELLATION_SENT,
    CANCELLED,
    CHECK_AFTER,
    FULFILLED,
    ISSUED,
    PROCESSING,
    REFUNDED,
    SPENT,
    Redemption,
)
from puhui.rewards.redemptions.refunds import add_pieces_back, add_refund, origin_of
from puhui.rewards.repositories import Rewards
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt


@dataclass(frozen=True)
class Dependencies:
    """What the saga works with. ``send`` reaches partners' servers; ``callback`` is the address of their later answers."""

    rewards: Rewards
    ledger: Ledger
    registry: partners.Partners
    send: Callable[[], partners.Send]
    sealer: Callable[[], Sealer]
    callback: str = ""


def issue(member_id: str, redemption_id: str, *, deps: Dependencies, now: datetime) -> dict[str, Any]:
    """Order from the partner: {answer: issued | refused | accepted | cancelling | over, wait_seconds}.

    Under one id a partner gives once, so this may run any number of times. Raises PartnerUnavailable.
    """
    current = deps.rewards.redemptions.find(member_id, redemption_id)
    if (step := next_step(current)) is not None:
        return {"answer": step, "wait_seconds": 0}
    partner = partners.find_partner(current.partner_id, partners=deps.registry)
    answer = _order(current, partner, deps, now)
    if answer.outcome == partners.ACCEPTED:
        check_at = now + timedelta(seconds=partner.answer_within_seconds) + CHECK_AFTER
        kept = note(member_id, redemption_id, deps, reference=answer.reference, next_check_at=check_at)
        return {
            "answer": next_step(kept) or partners.ACCEPTED,
            "wait_seconds": partner.answer_within_seconds,
        }
    after = record_answer(member_id, redemption_id, answer, deps=deps)
    return {"answer": next_step(after) or OVER, "wait_seconds": 0}


def wait(member_id: str, redemption_id: str, task_token: str, *, deps: Dependencies) -> str | None:
    """Let a later answer find the waiting task; what is known already, when there is something."""
    return next_step(note(member_id, redemption_id, deps, task_token=task_token))


def cancel_order(member_id: str, redemption_id: str, *, deps: Dependencies, now: datetime) -> str:
    """Cancel the order at the partner's: the answer that counts afterwards (cancelled, refused, issued, over).

    When the partner rejects the cancellation, the good was issued and a member who wanted to return it keeps it; that is written down
    before the voucher is asked for again. An issued good is cancelled only when the member returns it. Raises PartnerUnavailable.
    """
    current = _note_cancellation(member_id, redemption_id, deps)
    if not (current.is_open or current.awaits_voucher):
        return OVER
    wants_it = current.is_open and (current.cancelling or current.answer == CANCELLATION_SENT)
    if wants_it and current.answer in (CANCELLATION_SENT, ISSUED):
        answer = send_cancellation(current, deps, now)
        rejected = answer.outcome == partners.NOT_CANCELLABLE
        answer = partners.Answer(ISSUED) if rejected else answer
        current = record_answer(member_id, redemption_id, answer, deps=deps, cancellation_rejected=rejected)
    if current.lacks_voucher:
        partner = partners.find_partner(current.partner_id, partners=deps.registry)
        current = record_answer(member_id, redemption_id, _order(current, partner, deps, now), deps=deps)
    return current.answer


def _note_cancellation(member_id: str, redemption_id: str, deps: Dependencies) -> Redemption:
    """Write down that the order is being cancelled."""

    def decide(current: Redemption) -> Redemption:
        return replace(current, answer=current.answer or CANCELLATION_SENT) if current.is_open else current

    return _change(member_id, redemption_id, decide, deps)


def record_answer(
    member_id: str,
    redemption_id: str,
    answer: partners.Answer,
    *,
    deps: Dependencies,
    cancellation_rejected: bool = False,
) -> Redemption:
    """Write down what the partner answered; ``cancellation_rejected``: to our request to cancel the order."""

    def decide(current: Redemption) -> Redemption:
        voucher = b""
        if answer.outcome == ISSUED and answer.voucher:
            voucher = deps.sealer().seal(answer.voucher, redemption_id, "voucher")
        return answered(current, answer, voucher, cancellation_rejected=cancellation_rejected)

    return _change(member_id, redemption_id, decide, deps)


def note(member_id: str, redemption_id: str, deps: Dependencies, **changes: Any) -> Redemption:
    """Write something down about an order that is processing; once it is answered only the waiting task's token."""

    def decide(current: Redemption) -> Redemption:
        if current.status != PROCESSING or (current.answer and "task_token" not in changes):
            return current
        return replace(current, **changes)

    return _change(member_id, redemption_id, decide, deps)


def _change(
    member_id: str, redemption_id: str, decide: Callable[[Redemption], Redemption], deps: Dependencies
) -> Redemption:
    """Read, decide, write if something changed."""

    def build(session: Session) -> Redemption:
        current = deps.rewards.redemptions.find(member_id, redemption_id)
        after = decide(current)
        return current if after == current else deps.rewards.redemptions.change(session, current, after)

    return attempt(deps.rewards.dynamodb, build)


def end(member_id: str, redemption_id: str, *, deps: Dependencies, now: datetime) -> Redemption:
    """End a redemption as its partner's answer says: issued, and the points are spent; anything else, and points, pieces and
    limits come back. One that has ended does not change. A good that was issued before the partner has answered to its return
    is paid for, and the return goes on; so is one whose voucher is missing, and the voucher is asked for again."""

    def build(session: Session) -> Redemption:
        current = deps.rewards.redemptions.find(member_id, redemption_id)
        if current.status == PROCESSING:
            end_order = _fulfil if current.answer == ISSUED else _refund
            return end_order(session, current, deps, now)
        if current.is_open or current.awaits_voucher:
            return _end_return(session, current, deps, now)
        return current

    return attempt(deps.rewards.dynamodb, build)


def _fulfil(session: Session, current: Redemption, deps: Dependencies, now: datetime) -> Redemption:
    """The points are spent. The delivery address is deleted: the partner has it; only a voucher is fetched by the same order again."""
    held = deps.ledger.hold(account_of(current.member_id), current.id)
    if held is None:
        raise RewardNotFound
    lacks = current.lacks_voucher
    after = replace(
        current,
        status=FULFILLED,
        task_token="",
        next_check_at=now + CHECK_AFTER if lacks or current.cancelling else None,
        payable_id=ids.derived_id(now, current.id, "due") if current.merchant_id else "",
        delivery=current.delivery if lacks else b"",
        sent_at=now if current.handover == ADDRESS else None,
    )
    after = deps.rewards.redemptions.change(session, current, after)
    add_post(session, held, SPENT, (), ledger=deps.ledger, now=now)
    return after


def _refund(session: Session, current: Redemption, deps: Dependencies, now: datetime) -> Redemption:
    """The hold is voided and everything comes back; without the partner's answer we go on cancelling the order there."""
    held = deps.ledger.hold(account_of(current.member_id), current.id)
    if held is None:
        raise RewardNotFound
    unsure = current.answer in ("", CANCELLATION_SENT)
    origin = origin_of(current, deps.rewards)
    after = replace(
        current,
        returned_in=origin.mark,
        task_token="",
        cancelling=False,
        voucher=b"",
        delivery=b"",
        answer="" if unsure else current.answer,
        status=CANCELLED if current.cancelling else REFUNDED,
        reason_code=reason_of(current),
        unsure=unsure,
        next_check_at=now + CHECK_AFTER if unsure else None,
    )
    after = deps.rewards.redemptions.change(session, current, after)
    add_void(session, held, ledger=deps.ledger, now=now)
    add_pieces_back(session, current, origin, rewards=deps.rewards)
    return after


def _end_return(session: Session, current: Redemption, deps: Dependencies, now: datetime) -> Redemption:
    """The end of returning an issued good: the partner took it back. Until it has answered, or has sent its voucher, it is
    asked again."""
    if current.answer != CANCELLED:
        if current.next_check_at is None or current.next_check_at > now:
            return current
        return deps.rewards.redemptions.change(session, current, checked_again(current, now))
    origin = origin_of(current, deps.rewards)
    after = replace(
        current,
        returned_in=origin.mark,
        status=CANCELLED,
        reason_code="CANCELLED_BY_MEMBER",
        cancelling=False,
        next_check_at=None,
        payable_id="",
        voucher=b"",
    )
    after = deps.rewards.redemptions.change(session, current, after)
    add_refund(session, current, origin, rewards=deps.rewards, ledger=deps.ledger, now=now)
    return after


def answer_order(
    order_id: str, headers: Mapping[str, str], raw_body: bytes, *, deps: Dependencies, now: datetime
) -> Redemption:
    """A partner's later answer. Raises OrderNotFound, SignatureInvalid, AnswerInvalid, OrderVoid when the points go back: the
    partner must not deliver, and Unavailable while the order is being cancelled: the partner comes again."""
    known = deps.rewards.orders.find(order_id)
    if known is None:
        raise OrderNotFound
    member_id, partner_id = known
    partner = partners.find_partner(partner_id, partners=deps.registry)
    partners.verify(partner, headers, raw_body, now, partners=deps.registry)
    answer = partners.later_answer(order_id, raw_body)
    after = record_answer(member_id, order_id, answer, deps=deps)
    if answer.outcome == ISSUED:
        if after.is_over or after.answer == CANCELLED:
            raise OrderVoid
        if after.answer == CANCELLATION_SENT:
            raise Unavailable
    return after


def order_body(redemption: Redemption) -> dict[str, Any]:
    """What a partner gets to know of its order."""
    return {"order_id": redemption.id, "status": redemption.answer or partners.ACCEPTED}


# Requests to the partner


def _order(
    current: Redemption, partner: partners.Partner, deps: Dependencies, now: datetime
) -> partners.Answer:
    reward = deps.rewards.catalogue.reward(current.reward_id)
    order = partners.Order(
        id=current.id,
        programme_id=current.programme_id,
        reward_id=current.reward_id,
        item=(reward.partner_item if reward else "") or current.reward_id,
        quantity=current.quantity,
        ordered_at=current.redeemed_at,
        callback_url=f"{deps.callback}/partner/orders/{current.id}/answer" if deps.callback else "",
        delivery=_address(current, deps),
    )
    return partners.issue_order(partner, order, partners=deps.registry, send=deps.send(), now=now)


def send_cancellation(current: Redemption, deps: Dependencies, now: datetime) -> partners.Answer:
    """Ask the partner to cancel the order. Raises PartnerNotFound, PartnerUnavailable."""
    partner = partners.find_partner(current.partner_id, partners=deps.registry)
    known = bool(current.reference) or current.answer == ISSUED
    return partners.cancel_order(
        partner, current.id, known=known, partners=deps.registry, send=deps.send(), now=now
    )


def _address(current: Redemption, deps: Dependencies) -> dict[str, str]:
    if not current.delivery:
        return {}
    address: dict[str, str] = json.loads(deps.sealer().open(current.delivery, current.id, "delivery"))
    return address
