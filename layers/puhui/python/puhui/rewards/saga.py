"""Redemptions in which a partner has a say: points are held and pieces reserved, the partner issues, then the points are spent
or everything comes back. ``infra/workflows/redemption.asl.json`` calls the steps; each may run twice, in any order, and be
cut off anywhere.

What the partner says is written on the redemption (``model.heard`` decides what counts), and ``end`` does what stands there in
one transaction on the condition that it still stands: so a redemption ends once, with the good promised or with the points back.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.ledger.api import Ledger, add_post, add_void
from puhui.ledger.api import member as account_of
from puhui.partners import api as partners
from puhui.rewards import model
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import OrderNotFound, OrderVoid, RewardNotFound
from puhui.rewards.model import CANCELLED, FULFILLED, ISSUED, PROCESSING, REFUNDED, REFUSED, Redemption
from puhui.rewards.usecases import add_refund, find
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt

ACCEPTED, OVER = "accepted", "over"
GIVES_UP_AFTER = timedelta(days=7)  # how long an order is called off that a partner never answered about


@dataclass(frozen=True)
class Desk:
    """What the saga works with. ``send`` reaches partners' servers; ``callback`` is the address of their later answers."""

    rewards: Rewards
    ledger: Ledger
    registry: partners.Partners
    send: Callable[[], partners.Send]
    sealer: Callable[[], Sealer]
    callback: str = ""


def issue(member_id: str, redemption_id: str, *, desk: Desk, now: datetime) -> dict[str, Any]:
    """Order from the partner: {answer: issued | refused | accepted | cancelling | over, wait_seconds}.

    Under one id a partner gives once, so this may run as often as it takes. Raises PartnerUnavailable.
    """
    standing = find(member_id, redemption_id, desk.rewards)
    if (known := _known(standing)) is not None:
        return {"answer": known, "wait_seconds": 0}
    partner = partners.find_partner(standing.partner_id, partners=desk.registry)
    answer = _order(standing, partner, desk, now)
    if answer.outcome == partners.ACCEPTED:
        watch_at = now + timedelta(seconds=partner.answer_within_seconds) + model.WATCH_AFTER
        kept = note(member_id, redemption_id, desk, reference=answer.reference, watch_at=watch_at)
        return {"answer": _known(kept) or ACCEPTED, "wait_seconds": partner.answer_within_seconds}
    return {"answer": hear(member_id, redemption_id, answer, desk=desk).answer, "wait_seconds": 0}


def wait(member_id: str, redemption_id: str, task_token: str, *, desk: Desk) -> str | None:
    """Let a later answer find the waiting task; what is known already, when there is something."""
    return _known(note(member_id, redemption_id, desk, task_token=task_token))


def call_off(member_id: str, redemption_id: str, *, desk: Desk, now: datetime) -> str:
    """Call the order off at the partner's: what counts afterwards (cancelled, issued, over).

    One that cannot be called off any more was issued: its voucher is asked for again. Raises PartnerUnavailable.
    """
    standing = find(member_id, redemption_id, desk.rewards)
    if standing.is_over or (standing.status == FULFILLED and not standing.cancelling):
        return OVER
    partner = partners.find_partner(standing.partner_id, partners=desk.registry)
    answer = partners.cancel_order(partner, redemption_id, partners=desk.registry, send=desk.send(), now=now)
    if answer.outcome == partners.NOT_CANCELLABLE:
        if standing.answer == ISSUED:
            return ISSUED
        answer = _order(standing, partner, desk, now)
    return hear(member_id, redemption_id, answer, desk=desk).answer


def hear(member_id: str, redemption_id: str, answer: partners.Answer, *, desk: Desk) -> Redemption:
    """Write down what the partner said. After the end it changes nothing but ``late_answer``, for the operator."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, desk.rewards)
        if standing.status != PROCESSING and not standing.cancelling:
            late = standing.is_over and answer.outcome == ISSUED
            after = replace(standing, late_answer=ISSUED) if late else standing
        else:
            after = _with_answer(standing, answer, desk)
        if after != standing:
            desk.rewards.add_step(session, standing, after)
        return after

    return attempt(desk.rewards.dynamodb, build)


def _with_answer(standing: Redemption, answer: partners.Answer, desk: Desk) -> Redemption:
    said = model.heard(standing.answer, answer.outcome)
    if said == standing.answer:
        return standing
    voucher = desk.sealer().seal(answer.voucher, standing.id, "voucher") if answer.voucher else b""
    return replace(
        standing,
        answer=said,
        reference=answer.reference or standing.reference,
        voucher=voucher or standing.voucher,
    )


def note(member_id: str, redemption_id: str, desk: Desk, **changes: Any) -> Redemption:
    """Write something down beside an order that is under way; nothing once it is over."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, desk.rewards)
        if standing.status != PROCESSING:
            return standing
        after = replace(standing, **changes)
        if after != standing:
            desk.rewards.add_step(session, standing, after)
        return after

    return attempt(desk.rewards.dynamodb, build)


def end(member_id: str, redemption_id: str, *, desk: Desk, now: datetime) -> Redemption:
    """End a redemption as its partner's answer says: issued, and the points are spent; anything else, and points, pieces and
    limits come back. One that has ended stays as it is."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, desk.rewards)
        if standing.status == PROCESSING:
            return _end_order(session, standing, desk, now)
        if standing.status == FULFILLED and standing.cancelling:
            return _end_return(session, standing, desk, now)
        return standing

    return attempt(desk.rewards.dynamodb, build)


def _end_order(session: Session, standing: Redemption, desk: Desk, now: datetime) -> Redemption:
    held = desk.ledger.hold(account_of(standing.member_id), standing.id)
    reward = desk.rewards.reward(standing.reward_id)
    if held is None or reward is None:
        raise RewardNotFound
    closed = replace(standing, watch_at=None, task_token="", cancelling=False)
    if standing.answer == ISSUED:
        due_id = ids.derived_id(now, standing.id, "due") if standing.merchant_id else ""
        after = replace(closed, status=FULFILLED, due_id=due_id)
        desk.rewards.add_step(session, standing, after)
        add_post(session, held, model.REDEMPTION, (), ledger=desk.ledger, now=now)
        return after
    unsure = standing.answer == ""
    after = replace(
        closed,
        status=CANCELLED if standing.cancelling else REFUNDED,
        reason_code=_reason(standing),
        unsure=unsure,
        watch_at=now + model.WATCH_AFTER if unsure else None,
    )
    desk.rewards.add_step(session, standing, after)
    add_void(session, held, ledger=desk.ledger, now=now)
    desk.rewards.give_back(session, standing, standing.quantity, reward.shards)
    return after


def _end_return(session: Session, standing: Redemption, desk: Desk, now: datetime) -> Redemption:
    """The end of giving back what the partner had issued: it took it back, or it did not."""
    closed = replace(standing, cancelling=False, watch_at=None)
    if standing.answer != CANCELLED:
        desk.rewards.add_step(session, standing, closed)
        return closed
    after = replace(closed, status=CANCELLED, reason_code="CANCELLED_BY_MEMBER", due_id="", voucher=b"")
    desk.rewards.add_step(session, standing, after)
    add_refund(
        session,
        standing,
        0,
        standing.quantity,
        "cancelled",
        rewards=desk.rewards,
        ledger=desk.ledger,
        now=now,
    )
    return after


def look_after(member_id: str, redemption_id: str, *, desk: Desk, now: datetime) -> Redemption:
    """What nobody ended in time: the order is called off and the redemption ended; an order that a partner never answered
    about is called off until it does, for GIVES_UP_AFTER."""
    standing = find(member_id, redemption_id, desk.rewards)
    if standing.watch_at is None or standing.watch_at > now:
        return standing
    if standing.unsure:
        return _settle_doubt(standing, desk, now)
    with suppress(partners.PartnerUnavailable, partners.PartnerNotFound):
        call_off(member_id, redemption_id, desk=desk, now=now)
    return end(member_id, redemption_id, desk=desk, now=now)


def _settle_doubt(standing: Redemption, desk: Desk, now: datetime) -> Redemption:
    late, again = standing.late_answer, now + model.WATCH_AFTER
    try:
        partner = partners.find_partner(standing.partner_id, partners=desk.registry)
        answer = partners.cancel_order(
            partner, standing.id, partners=desk.registry, send=desk.send(), now=now
        )
        late = ISSUED if answer.outcome == partners.NOT_CANCELLABLE else late
    except (partners.PartnerUnavailable, partners.PartnerNotFound):
        if now < standing.redeemed_at + GIVES_UP_AFTER:
            return _step(standing, replace(standing, watch_at=again), desk)
    return _step(standing, replace(standing, unsure=False, watch_at=None, late_answer=late), desk)


def _step(standing: Redemption, after: Redemption, desk: Desk) -> Redemption:
    def build(session: Session) -> Redemption:
        desk.rewards.add_step(session, standing, after)
        return after

    return attempt(desk.rewards.dynamodb, build)


def answer_order(
    order_id: str, headers: dict[str, str], raw_body: bytes, *, desk: Desk, now: datetime
) -> Redemption:
    """A partner's later answer. Raises OrderNotFound, SignatureInvalid, AnswerInvalid, and OrderVoid when the points have gone
    back already: the partner must not deliver."""
    known = desk.rewards.orderer(order_id)
    if known is None:
        raise OrderNotFound
    member_id, partner_id = known
    partner = partners.find_partner(partner_id, partners=desk.registry)
    partners.verify(partner, headers, raw_body, now, partners=desk.registry)
    answer = partners.later_answer(order_id, raw_body)
    heard = hear(member_id, order_id, answer, desk=desk)
    if heard.is_over and answer.outcome == ISSUED:
        raise OrderVoid
    return heard


def shown_order(redemption: Redemption) -> dict[str, Any]:
    """What a partner is told of its order."""
    return {"order_id": redemption.id, "status": redemption.answer or ACCEPTED}


def _order(standing: Redemption, partner: partners.Partner, desk: Desk, now: datetime) -> partners.Answer:
    reward = desk.rewards.reward(standing.reward_id)
    order = partners.Order(
        id=standing.id,
        programme_id=standing.programme_id,
        reward_id=standing.reward_id,
        item=(reward.partner_item if reward else "") or standing.reward_id,
        quantity=standing.quantity,
        ordered_at=standing.redeemed_at,
        callback_url=f"{desk.callback}/partner/orders/{standing.id}/answer" if desk.callback else "",
    )
    return partners.issue_order(partner, order, partners=desk.registry, send=desk.send(), now=now)


def _known(standing: Redemption) -> str | None:
    if standing.status != PROCESSING:
        return OVER
    return standing.answer or ("cancelling" if standing.cancelling else None)


def _reason(standing: Redemption) -> str:
    if standing.cancelling:
        return "CANCELLED_BY_MEMBER"
    return "PARTNER_REFUSED" if standing.answer == REFUSED else "PARTNER_SILENT"


def notice(redemption: Redemption, now: datetime) -> dict[str, str]:
    """The fields of the subscribe message that tells a member how a redemption ended: name, result, time, remark.

    Limits of the platform's kinds: a thing has 20 characters, a phrase 5.
    """
    result = {FULFILLED: "兑换成功", REFUNDED: "已退积分", CANCELLED: "未兑换"}[redemption.status]
    remark = "请在我的兑换中查看" if redemption.status == FULFILLED else "积分已在您的账户中"
    return {
        "thing1": redemption.title["zh-CN"][:20],
        "phrase2": result,
        "time3": now.astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M"),
        "thing4": remark,
    }
