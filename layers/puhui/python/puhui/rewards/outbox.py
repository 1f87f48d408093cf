"""What follows from a change of the rewards' table: a ticket is served, a partner's order starts, a waiting task gets its
answer, a member is told.

The stream is the outbox: the request that caused the change wrote once and is over. Each effect is idempotent: a ticket is
served while it is queued, an execution is named after its redemption, a task's second answer is refused by Step Functions and
ignored here, a member is told once of each end: the order's, and that of each return.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel.errors import DomainError
from puhui.ledger.api import Ledger
from puhui.members import api as members
from puhui.rewards import saga, usecases
from puhui.rewards.dynamo import Rewards
from puhui.rewards.items import redemption_from
from puhui.rewards.model import CANCELLED, FULFILLED, PROCESSING, QUEUED, Redemption
from puhui.store import aws, states
from puhui.store.values import Item
from puhui.wechat import api as wechat

ANSWERED = {"TaskTimedOut", "InvalidToken", "TaskDoesNotExist"}


@dataclass(frozen=True)
class Post:
    """What following works with."""

    rewards: Rewards
    members: members.Members
    wechat: Callable[[], wechat.WeChat]
    state_machine: str
    template_id: str


def serve(old: Item | None, new: Item | None, *, rewards: Rewards, ledger: Ledger, now: datetime) -> None:
    """Serve a ticket: a new one, or one that was put before the stream again (``usecases.knock``)."""
    ticket = _redemption(new)
    if ticket and ticket.status == QUEUED and new != old:
        usecases.serve(ticket.member_id, ticket.id, rewards=rewards, ledger=ledger, now=now)


def follow(old: Item | None, new: Item | None, *, post: Post, now: datetime) -> None:
    """Do what the redemption's new state asks for."""
    before, after = _redemption(old), _redemption(new)
    if after is None:
        return
    if after.status == PROCESSING:
        if before is None or before.status != PROCESSING:
            _start(post, after, after.id, "issue")
        elif (token := after.task_token or before.task_token) and (known := saga.known(after)):
            # A write that did not know of the task yet has taken its token away, and is the one that tells.
            answer(token, known)
        return
    if after.watch_at and _returning(after) and before and not _returning(before):
        # Asked for again after the partner said no, it is another execution.
        _start(post, after, f"{after.id}-return-{int(after.watch_at.timestamp())}", "return")
    if before and before.status in (QUEUED, PROCESSING) and after.status != before.status:
        _tell(after, after.id, saga.notice(after, now), post)
    elif before and before.to_send and not after.to_send and after.status != CANCELLED:
        _tell(after, f"{after.id}-delivery", saga.notice(after, now), post)
    elif before and _returning(before) and not _returning(after):
        begun = int((after.given_back_at or after.redeemed_at).timestamp())
        _tell(after, f"{after.id}-return-{begun}", saga.notice(after, now, returned=True), post)


def in_doubt(old: Item | None, new: Item | None) -> dict[str, str] | None:
    """What the operator has to look at: an order whose end and its partner's word do not agree, or may not."""
    before, after = _redemption(old), _redemption(new)
    if after is None or not after.late_answer or (before and before.late_answer == after.late_answer):
        return None
    return {
        "redemption_id": after.id,
        "partner_id": after.partner_id,
        "status": after.status,
        "late_answer": after.late_answer,
    }


def _returning(redemption: Redemption) -> bool:
    return redemption.status == FULFILLED and redemption.cancelling


def answer(task_token: str, said: str) -> None:
    """Give a waiting task what the partner said; one that no longer waits has had its answer or its time."""
    try:
        given = {"taskToken": task_token, "output": json.dumps({"answer": said})}
        aws.call("states", "SendTaskSuccess", given)
    except aws.AwsError as error:
        if error.code not in ANSWERED:
            raise


def _start(post: Post, redemption: Redemption, name: str, mode: str) -> None:
    given: dict[str, Any] = {
        "member_id": redemption.member_id,
        "redemption_id": redemption.id,
        "mode": mode,
    }
    states.start_once(post.state_machine, name, given)


def _tell(redemption: Redemption, about: str, fields: dict[str, str], post: Post) -> None:
    if not post.rewards.first_notice(redemption.member_id, about):
        return
    openid = members.openid_of(redemption.member_id, members=post.members)
    try:
        post.wechat().send_subscribe_message(openid, post.template_id, fields)
    except DomainError:
        return  # the end stands in the member's list; a message that cannot be sent holds up nobody's order


def _redemption(item: Item | None) -> Redemption | None:
    return redemption_from(item) if item and item["entry"].startswith("X#") else None
