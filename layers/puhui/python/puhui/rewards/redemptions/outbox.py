"""What follows from a change of the rewards' table: a ticket is served, a partner's order starts, a waiting task gets its
answer, a member is notified.

The stream is the outbox: the request that caused the change wrote once and is over. Each effect is idempotent: a ticket is
served while it is queued, an execution is named after its redemption, a task's second answer is rejected by Step Functions and
ignored here, a member is notified once of each end: the order's, and that of each return.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.errors import DomainError
from puhui.ledger.api import Ledger
from puhui.members import api as members
from puhui.rewards.catalogue.model import ADDRESS
from puhui.rewards.redemptions import queue
from puhui.rewards.redemptions.answers import next_step
from puhui.rewards.redemptions.model import CANCELLED, FULFILLED, PROCESSING, QUEUED, REFUNDED, Redemption
from puhui.rewards.redemptions.repository import REDEMPTION
from puhui.rewards.repositories import Rewards
from puhui.store import aws, states
from puhui.store.values import Item
from puhui.wechat import api as wechat

ANSWERED = {"TaskTimedOut", "InvalidToken", "TaskDoesNotExist"}


@dataclass(frozen=True)
class Dependencies:
    """What ``follow`` works with."""

    rewards: Rewards
    members: members.Members
    wechat: Callable[[], wechat.WeChat]
    state_machine: str
    template_id: str


def serve(old: Item | None, new: Item | None, *, rewards: Rewards, ledger: Ledger, now: datetime) -> None:
    """Serve a ticket: a new one, or one that was queued again (``queue.requeue``)."""
    ticket = _redemption(new)
    if ticket and ticket.status == QUEUED and new != old:
        queue.serve(ticket.member_id, ticket.id, rewards=rewards, ledger=ledger, now=now)


def follow(old: Item | None, new: Item | None, *, deps: Dependencies, now: datetime) -> None:
    """Do what the redemption's new state asks for."""
    before, after = _redemption(old), _redemption(new)
    if after is None:
        return
    if after.status == PROCESSING:
        if before is None or before.status != PROCESSING:
            _start(deps, after, after.id, "issue")
        elif (token := after.task_token or before.task_token) and (step := next_step(after)):
            answer_task(token, step)  # also where this very change has dropped the token
        return
    if after.next_check_at and after.is_returning and before and not before.is_returning:
        # A return after a rejected one is another execution.
        _start(deps, after, f"{after.id}-return-{int(after.next_check_at.timestamp())}", "return")
    if before and before.status in (QUEUED, PROCESSING) and after.status != before.status:
        _notify(after, after.id, notice(after, now), deps)
    elif before and before.to_send and not after.to_send and after.status != CANCELLED:
        _notify(after, f"{after.id}-delivery", notice(after, now), deps)
    elif before and before.is_returning and not after.is_returning:
        begun = int((after.given_back_at or after.redeemed_at).timestamp())
        _notify(after, f"{after.id}-return-{begun}", notice(after, now, returned=True), deps)


def in_doubt(old: Item | None, new: Item | None) -> dict[str, str] | None:
    """For the operator: an order whose end and its partner's answer disagree, or may disagree."""
    before, after = _redemption(old), _redemption(new)
    if after is None or not after.late_answer or (before and before.late_answer == after.late_answer):
        return None
    return {
        "redemption_id": after.id,
        "partner_id": after.partner_id,
        "status": after.status,
        "late_answer": after.late_answer,
    }


def answer_task(task_token: str, step: str) -> None:
    """Give a waiting task its answer; one that no longer waits has had an answer, or its time is over."""
    try:
        given = {"taskToken": task_token, "output": json.dumps({"answer": step})}
        aws.call("states", "SendTaskSuccess", given)
    except aws.AwsError as error:
        if error.code not in ANSWERED:
            raise


def _start(deps: Dependencies, redemption: Redemption, name: str, mode: str) -> None:
    given: dict[str, Any] = {
        "member_id": redemption.member_id,
        "redemption_id": redemption.id,
        "mode": mode,
    }
    states.start_once(deps.state_machine, name, given)


def _notify(redemption: Redemption, about: str, fields: dict[str, str], deps: Dependencies) -> None:
    try:
        openid = members.openid_of(redemption.member_id, members=deps.members)
    except members.MemberNotFound:
        return  # erased: there is nobody to tell
    if not deps.rewards.redemptions.claim_notice(redemption.member_id, about):
        return
    try:
        deps.wechat().send_subscribe_message(openid, deps.template_id, fields)
    except DomainError:
        return  # the member's list has it; a message that cannot be sent holds up nobody's order


def _redemption(item: Item | None) -> Redemption | None:
    return REDEMPTION.read(item) if item and item["entry"].startswith("X#") else None


def notice(redemption: Redemption, now: datetime, *, returned: bool = False) -> dict[str, str]:
    """The fields of the subscribe message about the end of a redemption or its return, or about its delivery: name, points
    spent, result, time.

    Limits of the platform's kinds: a thing has 20 characters, a phrase 5.
    """
    ends = {FULFILLED: "兑换成功", REFUNDED: "已退积分", CANCELLED: "未兑换"}
    returns = {FULFILLED: "未能退回", CANCELLED: "已退积分"}
    if redemption.sent_at and not redemption.partner_id:
        ends[FULFILLED] = "已寄出" if redemption.handover == ADDRESS else "已发放"
    return {
        "thing1": redemption.title["zh-CN"][:20],
        "number2": str(redemption.points if redemption.status == FULFILLED else 0),
        "phrase3": (returns if returned else ends)[redemption.status],
        "time4": now.astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M"),
    }
