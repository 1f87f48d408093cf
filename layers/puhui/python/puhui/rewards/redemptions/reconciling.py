"""A redemption that nobody ended in time."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from puhui.partners.api import NOT_CANCELLABLE, PartnerNotFound, PartnerUnavailable
from puhui.rewards.redemptions import delivering
from puhui.rewards.redemptions.answers import checked_again
from puhui.rewards.redemptions.model import ISSUED, Redemption
from puhui.rewards.redemptions.saga import Dependencies, cancel_order, end, send_cancellation
from puhui.store.session import Session, attempt

SILENCES_MAX = 3


def reconcile(
    member_id: str, redemption_id: str, *, deps: Dependencies, now: datetime, silences: Counter[str]
) -> Redemption | None:
    """Cancel the order and end the redemption. A partner that never answered is asked again, to cancel the order or to send the
    voucher, for GIVES_UP_AFTER. ``silences`` counts how many times in a row each partner did not answer: after SILENCES_MAX it is
    not asked again in this run, and the redemption does not change (None)."""
    current = deps.rewards.redemptions.find(member_id, redemption_id)
    if current.next_check_at is None or current.next_check_at > now:
        return current
    if not current.partner_id:
        return delivering.refund_overdue(
            member_id, redemption_id, rewards=deps.rewards, ledger=deps.ledger, now=now
        )
    if silences[current.partner_id] >= SILENCES_MAX:
        return None
    outcome = ""
    try:
        if current.unsure:
            outcome = send_cancellation(current, deps, now).outcome
        else:
            cancel_order(member_id, redemption_id, deps=deps, now=now)
        silences[current.partner_id] = 0
    except (PartnerUnavailable, PartnerNotFound):
        silences[current.partner_id] += 1
    if current.unsure:
        return _record_outcome(current, outcome, deps, now)
    return end(member_id, redemption_id, deps=deps, now=now)


def _record_outcome(unsure: Redemption, outcome: str, deps: Dependencies, now: datetime) -> Redemption:
    """The points are back already; what the partner answered to the cancellation only matters to the operator: whether it issued."""

    def build(session: Session) -> Redemption:
        current = deps.rewards.redemptions.find(unsure.member_id, unsure.id)
        if not current.unsure:
            return current
        after = checked_again(current, now)
        if outcome:
            late = ISSUED if outcome == NOT_CANCELLABLE else ""
            after = replace(current, unsure=False, next_check_at=None, late_answer=late)
        return deps.rewards.redemptions.change(session, current, after)

    return attempt(deps.rewards.dynamodb, build)
