"""Redemptions in which a partner has a say: points are held and pieces reserved, the partner issues, then the points are spent
or everything comes back. ``infra/workflows/redemption.asl.json`` calls the steps; each may run twice, in any order, and be
cut off anywhere.

What the partner says is written on the redemption (``model.heard`` decides what counts), and ``end`` does what stands there in
one transaction on the condition that it still stands: so a redemption ends once, with the good promised or with the points back.

Whoever calls an order off writes that down before asking (``CALLING_OFF`` where nothing was said yet, ``cancelling`` where the
good was issued and the member gives it back). From then on only what the partner says to that counts as a promise: its answer
may get lost, and a good that it has cancelled must not be paid for. That it stays issued counts at once; the voucher is
fetched afterwards.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.errors import Unavailable
from puhui.ledger.api import Ledger, add_post, add_void
from puhui.ledger.api import member as account_of
from puhui.partners import api as partners
from puhui.rewards import delivery, model
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import OrderNotFound, OrderVoid, RewardNotFound
from puhui.rewards.model import CANCELLED, FULFILLED, ISSUED, PROCESSING, REFUNDED, REFUSED, Redemption
from puhui.rewards.usecases import add_refund, find, home_of
from puhui.store.sealing import Sealer
from puhui.store.session import Session, attempt

ACCEPTED, CANCELLING, OVER = "accepted", "cancelling", "over"
CALLING_OFF = "calling_off"  # in place of an answer: it is being called off, and the partner has not said what came of it
UNKNOWN = "unknown"  # of late answers: the partner never said
GIVES_UP_AFTER = timedelta(days=14)  # a week after the latest time that an answer may take
SILENCES_MAX = 3
ASKS_WITHIN = timedelta(days=1)  # the longest pause between two attempts


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
    if (said := known(standing)) is not None:
        return {"answer": said, "wait_seconds": 0}
    partner = partners.find_partner(standing.partner_id, partners=desk.registry)
    answer = _order(standing, partner, desk, now)
    if answer.outcome == partners.ACCEPTED:
        watch_at = now + timedelta(seconds=partner.answer_within_seconds) + model.WATCH_AFTER
        kept = note(member_id, redemption_id, desk, reference=answer.reference, watch_at=watch_at)
        return {"answer": known(kept) or ACCEPTED, "wait_seconds": partner.answer_within_seconds}
    heard = hear(member_id, redemption_id, answer, desk=desk)
    return {"answer": known(heard) or OVER, "wait_seconds": 0}


def wait(member_id: str, redemption_id: str, task_token: str, *, desk: Desk) -> str | None:
    """Let a later answer find the waiting task; what is known already, when there is something."""
    return known(note(member_id, redemption_id, desk, task_token=task_token))


def call_off(member_id: str, redemption_id: str, *, desk: Desk, now: datetime) -> str:
    """Call the order off at the partner's: what counts afterwards (cancelled, refused, issued, over).

    One that cannot be called off any more was issued, and who wanted to give it back keeps it; that is written down before its
    voucher is asked for again. A good that was issued is called off only when the member gives it back. Raises
    PartnerUnavailable.
    """
    standing = _intend(member_id, redemption_id, desk)
    if not (_is_open(standing) or _awaits_voucher(standing)):
        return OVER
    asks = _is_open(standing) and (standing.cancelling or standing.answer == CALLING_OFF)
    if asks and standing.answer in (CALLING_OFF, ISSUED):
        stays = (answer := _cancellation(standing, desk, now)).outcome == partners.NOT_CANCELLABLE
        said = partners.Answer(ISSUED) if stays else answer
        standing = hear(member_id, redemption_id, said, desk=desk, stays=stays)
    if standing.lacks_voucher:
        partner = partners.find_partner(standing.partner_id, partners=desk.registry)
        standing = hear(member_id, redemption_id, _order(standing, partner, desk, now), desk=desk)
    return standing.answer


def _intend(member_id: str, redemption_id: str, desk: Desk) -> Redemption:
    """Write down that the order is being called off."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, desk.rewards)
        if not _is_open(standing):
            return standing
        after = replace(standing, answer=standing.answer or CALLING_OFF)
        if after != standing:
            desk.rewards.add_step(session, standing, after)
        return after

    return attempt(desk.rewards.dynamodb, build)


def _is_open(standing: Redemption) -> bool:
    """Whether the partner's word still decides: it is under way, or being given back and not settled meanwhile."""
    returning = standing.status == FULFILLED and standing.cancelling
    return standing.status == PROCESSING or (returning and not standing.settlement_id)


def _awaits_voucher(standing: Redemption) -> bool:
    """Whether the good is the member's, and its voucher may still be put to it."""
    return standing.status == FULFILLED and standing.lacks_voucher and not standing.settlement_id


def hear(
    member_id: str, redemption_id: str, answer: partners.Answer, *, desk: Desk, stays: bool = False
) -> Redemption:
    """Write down what the partner said; ``stays``: although it was asked to call the order off. After the end it changes nothing
    but a voucher that was not there yet, and ``late_answer``, for the operator."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, desk.rewards)
        after = standing
        if _is_open(standing):
            after = _with_answer(standing, answer, desk, stays=stays)
        elif _awaits_voucher(standing):
            after = _with_good(standing, answer, desk)
        elif standing.is_over and answer.outcome == ISSUED:
            after = replace(standing, late_answer=ISSUED)
        elif standing.late_answer and answer.outcome == CANCELLED and not standing.settlement_id:
            after = replace(standing, late_answer=CANCELLED)  # of a return that was given up
        if after != standing:
            desk.rewards.add_step(session, standing, after)
        return after

    return attempt(desk.rewards.dynamodb, build)


def _with_answer(standing: Redemption, answer: partners.Answer, desk: Desk, *, stays: bool) -> Redemption:
    before = "" if standing.answer == CALLING_OFF else standing.answer
    if answer.outcome == ACCEPTED or (
        not before and standing.answer and answer.outcome == ISSUED and not stays
    ):
        return standing  # nothing yet; or said before the partner was asked to call it off, or after: it will say
    said = model.heard(before, answer.outcome)
    after = standing
    if said == ISSUED and (standing.answer != ISSUED or standing.lacks_voucher):
        after = _with_good(standing, answer, desk)
    elif said != standing.answer:
        after = replace(standing, answer=said, reference=answer.reference or standing.reference)
    if said == ISSUED and stays:
        after = replace(after, cancelling=False)
        if after.status == FULFILLED and not after.lacks_voucher:
            after = replace(after, watch_at=None)
    return after


def _with_good(standing: Redemption, answer: partners.Answer, desk: Desk) -> Redemption:
    """What was issued, with its voucher when the partner told it: it is the member's then, and the order is done."""
    if answer.outcome != ISSUED:
        return standing
    voucher = desk.sealer().seal(answer.voucher, standing.id, "voucher") if answer.voucher else b""
    after = replace(standing, answer=ISSUED, reference=answer.reference, voucher=voucher)
    if after.status == FULFILLED and answer.reference:
        after = replace(after, delivery=b"", late_answer="")
        after = after if after.cancelling else replace(after, watch_at=None)
    return after


def note(member_id: str, redemption_id: str, desk: Desk, **changes: Any) -> Redemption:
    """Write something down beside an order that is under way; once it is answered only who waits for it."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, desk.rewards)
        if standing.status != PROCESSING or (standing.answer and "task_token" not in changes):
            return standing
        after = replace(standing, **changes)
        if after != standing:
            desk.rewards.add_step(session, standing, after)
        return after

    return attempt(desk.rewards.dynamodb, build)


def end(member_id: str, redemption_id: str, *, desk: Desk, now: datetime) -> Redemption:
    """End a redemption as its partner's answer says: issued, and the points are spent; anything else, and points, pieces and
    limits come back. One that has ended stays as it is. A good that was issued before the partner has answered to its return
    is spent, and given back further on; so is one whose voucher is not there yet, and is asked for further on."""

    def build(session: Session) -> Redemption:
        standing = find(member_id, redemption_id, desk.rewards)
        if standing.status == PROCESSING:
            return _end_order(session, standing, desk, now)
        if _is_open(standing) or _awaits_voucher(standing):
            return _end_return(session, standing, desk, now)
        return standing

    return attempt(desk.rewards.dynamodb, build)


def _end_order(session: Session, standing: Redemption, desk: Desk, now: datetime) -> Redemption:
    """The end of an order. The delivery address goes with it: the partner has it now, or nobody needs it any more; only a
    voucher is fetched by the very order that was placed."""
    held = desk.ledger.hold(account_of(standing.member_id), standing.id)
    reward = desk.rewards.reward(standing.reward_id)
    if held is None or reward is None:
        raise RewardNotFound
    if standing.answer == ISSUED:
        lacks = standing.lacks_voucher
        after = replace(
            standing,
            status=FULFILLED,
            task_token="",
            watch_at=now + model.WATCH_AFTER if lacks or standing.cancelling else None,
            due_id=_due_id(standing, now),
            delivery=standing.delivery if lacks else b"",
            sent_at=now if standing.handover == model.ADDRESS else None,
        )
        desk.rewards.add_step(session, standing, after)
        add_post(session, held, model.REDEMPTION, (), ledger=desk.ledger, now=now)
        return after
    unsure = standing.answer in ("", CALLING_OFF)
    mark = desk.rewards.mark_at_home(standing, reward.shards)
    after = replace(
        standing,
        returned_in=mark,
        task_token="",
        cancelling=False,
        voucher=b"",
        delivery=b"",
        answer="" if unsure else standing.answer,
        status=CANCELLED if standing.cancelling else REFUNDED,
        reason_code=_reason(standing),
        unsure=unsure,
        watch_at=now + model.WATCH_AFTER if unsure else None,
    )
    desk.rewards.add_step(session, standing, after)
    add_void(session, held, ledger=desk.ledger, now=now)
    desk.rewards.give_back(session, standing, standing.quantity, reward.shards, mark)
    return after


def _end_return(session: Session, standing: Redemption, desk: Desk, now: datetime) -> Redemption:
    """The end of giving back what the partner had issued: it took it back. Until it has said whether, or has told its voucher,
    it is asked again."""
    if standing.answer != CANCELLED:
        if standing.watch_at is None or standing.watch_at > now:
            return standing
        after = _asked_again(standing, now)
        desk.rewards.add_step(session, standing, after)
        return after
    home = home_of(standing, desk.rewards)
    after = replace(
        standing,
        returned_in=home.mark,
        status=CANCELLED,
        reason_code="CANCELLED_BY_MEMBER",
        cancelling=False,
        watch_at=None,
        due_id="",
        voucher=b"",
    )
    desk.rewards.add_step(session, standing, after)
    add_refund(
        session,
        standing,
        0,
        standing.quantity,
        "cancelled",
        home,
        rewards=desk.rewards,
        ledger=desk.ledger,
        now=now,
    )
    return after


def look_after(
    member_id: str, redemption_id: str, *, desk: Desk, now: datetime, silences: Counter[str]
) -> Redemption | None:
    """What nobody ended in time: the order is called off and the redemption ended; an order that a partner never answered
    about is called off, and a voucher asked for, until it does, for GIVES_UP_AFTER. ``silences`` counts how many times in a
    row each partner did not answer: after SILENCES_MAX it is left alone, and the redemption as it is (None)."""
    standing = find(member_id, redemption_id, desk.rewards)
    if standing.watch_at is None or standing.watch_at > now:
        return standing
    if not standing.partner_id:
        return delivery.give_back(member_id, redemption_id, rewards=desk.rewards, ledger=desk.ledger, now=now)
    if silences[standing.partner_id] >= SILENCES_MAX:
        return None
    said = ""
    try:
        if standing.unsure:
            said = _cancellation(standing, desk, now).outcome
        else:
            call_off(member_id, redemption_id, desk=desk, now=now)
        silences[standing.partner_id] = 0
    except (partners.PartnerUnavailable, partners.PartnerNotFound):
        silences[standing.partner_id] += 1
    if standing.unsure:
        return _settle_doubt(standing, said, desk, now)
    return end(member_id, redemption_id, desk=desk, now=now)


def _settle_doubt(standing: Redemption, said: str, desk: Desk, now: datetime) -> Redemption:
    def build(session: Session) -> Redemption:
        now_standing = find(standing.member_id, standing.id, desk.rewards)
        if not now_standing.unsure:
            return now_standing
        after = _asked_again(now_standing, now)
        if said:
            late = ISSUED if said == partners.NOT_CANCELLABLE else ""
            after = replace(now_standing, unsure=False, watch_at=None, late_answer=late)
        desk.rewards.add_step(session, now_standing, after)
        return after

    return attempt(desk.rewards.dynamodb, build)


def _asked_again(standing: Redemption, now: datetime) -> Redemption:
    """What the partner did not answer about: asked again, after as long as it has taken so far, at most a day. When that
    went on for GIVES_UP_AFTER everything stays as it is: what should be given back is the member's, and due as it was."""
    since = (standing.cancelling and standing.given_back_at) or standing.redeemed_at
    if now < since + GIVES_UP_AFTER:
        pause = min(max(now - since, model.WATCH_AFTER), ASKS_WITHIN)
        return replace(standing, watch_at=now + pause)
    return replace(
        standing,
        watch_at=None,
        unsure=False,
        cancelling=False,
        delivery=b"",
        late_answer=standing.late_answer or UNKNOWN,
        reason_code="PARTNER_SILENT" if standing.cancelling else standing.reason_code,
    )


def _cancellation(standing: Redemption, desk: Desk, now: datetime) -> partners.Answer:
    partner = partners.find_partner(standing.partner_id, partners=desk.registry)
    known = bool(standing.reference) or standing.answer == ISSUED
    return partners.cancel_order(
        partner, standing.id, known=known, partners=desk.registry, send=desk.send(), now=now
    )


def answer_order(
    order_id: str, headers: dict[str, str], raw_body: bytes, *, desk: Desk, now: datetime
) -> Redemption:
    """A partner's later answer. Raises OrderNotFound, SignatureInvalid, AnswerInvalid, OrderVoid when the points go back: the
    partner must not deliver, and Unavailable while the order is being called off: the partner comes again."""
    known = desk.rewards.orderer(order_id)
    if known is None:
        raise OrderNotFound
    member_id, partner_id = known
    partner = partners.find_partner(partner_id, partners=desk.registry)
    partners.verify(partner, headers, raw_body, now, partners=desk.registry)
    answer = partners.later_answer(order_id, raw_body)
    heard = hear(member_id, order_id, answer, desk=desk)
    if answer.outcome == ISSUED:
        if heard.is_over or heard.answer == CANCELLED:
            raise OrderVoid
        if heard.answer == CALLING_OFF:
            raise Unavailable
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
        delivery=_delivery(standing, desk),
    )
    return partners.issue_order(partner, order, partners=desk.registry, send=desk.send(), now=now)


def _delivery(standing: Redemption, desk: Desk) -> dict[str, str]:
    if not standing.delivery:
        return {}
    told: dict[str, str] = json.loads(desk.sealer().open(standing.delivery, standing.id, "delivery"))
    return told


def known(standing: Redemption) -> str | None:
    """What an order's workflow goes on with, once there is something: issued, refused, cancelled, cancelling (it has to be
    called off), over."""
    if standing.status != PROCESSING:
        return OVER
    if standing.answer == CALLING_OFF or (standing.cancelling and standing.answer in ("", ISSUED)):
        return CANCELLING
    return standing.answer or None


def _due_id(standing: Redemption, now: datetime) -> str:
    return ids.derived_id(now, standing.id, "due") if standing.merchant_id else ""


def _reason(standing: Redemption) -> str:
    if standing.cancelling:
        return "CANCELLED_BY_MEMBER"
    return "PARTNER_REFUSED" if standing.answer == REFUSED else "PARTNER_SILENT"


def notice(redemption: Redemption, now: datetime, *, returned: bool = False) -> dict[str, str]:
    """The fields of the subscribe message that tells a member how a redemption, or its return, ended, and that it was sent: name,
    points spent, result, time.

    Limits of the platform's kinds: a thing has 20 characters, a phrase 5.
    """
    ends = {FULFILLED: "兑换成功", REFUNDED: "已退积分", CANCELLED: "未兑换"}
    returns = {FULFILLED: "未能退回", CANCELLED: "已退积分"}
    if redemption.sent_at and not redemption.partner_id:
        ends[FULFILLED] = "已寄出" if redemption.handover == model.ADDRESS else "已发放"
    return {
        "thing1": redemption.title["zh-CN"][:20],
        "number2": str(redemption.points if redemption.status == FULFILLED else 0),
        "phrase3": (returns if returned else ends)[redemption.status],
        "time4": now.astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M"),
    }
