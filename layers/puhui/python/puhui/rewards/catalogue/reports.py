"""What became of the donations of a project, as the organisation that runs it reports."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.errors import Forbidden
from puhui.kernel.pages import Page
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.rewards.catalogue.model import DONATION, PROPOSED
from puhui.rewards.errors import ReportsForDonations, RewardNotFound
from puhui.rewards.repositories import Rewards
from puhui.rewards.requests import Done, Request
from puhui.store.cursors import Cursors
from puhui.store.session import Session

REPORTS_OWN = "operator"  # the role that reports on the projects which the programme runs itself


def require_reporter(
    reward_id: str, member_id: str, roles: Collection[str], *, rewards: Rewards, merchants: Merchants
) -> None:
    """Raise RewardNotFound, ReportsForDonations, MerchantNotFound, Forbidden unless the member speaks for the organisation
    that runs the project; for one that the programme runs itself, an operator does."""
    reward = rewards.catalogue.reward(reward_id)
    if reward is None or reward.state == PROPOSED:
        raise RewardNotFound
    if reward.kind != DONATION:
        raise ReportsForDonations
    if not reward.merchant_id:
        if REPORTS_OWN not in roles:
            raise Forbidden
        return
    merchants.require_staff(reward.merchant_id, member_id, OWNER, MANAGER)


def report_project(
    reward_id: str,
    member_id: str,
    report: Mapping[str, Any],
    *,
    key: str | None,
    body_hash: str,
    rewards: Rewards,
    now: datetime,
) -> dict[str, Any]:
    """Report what became of a project's donations: {text: {zh-CN, en}, points?, quantity?, unit?}, of ``require_reporter``.
    Raises IdempotencyKeyReused."""
    project_hash = ids.key_id(reward_id, body_hash)  # the project is in the path, not in the body
    request = Request.of(member_id, "project report", key, project_hash, now)
    report_id = ids.derived_id(now, request.id)  # reports are listed in the order of their times

    def build(session: Session) -> dict[str, Any]:
        item = {"id": report_id, "report": dict(report), "at": clock.to_text(now)}
        rewards.requests.add(session, request, report_id, reward_id)
        rewards.catalogue.add_report(session, reward_id, item)
        return item

    def first_answer(done: Done) -> dict[str, Any]:
        return rewards.catalogue.report(reward_id, done.subject)

    return report_body(rewards.requests.once(request, build, first_answer))


def list_reports(
    reward_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[dict[str, Any]]:
    """A page of a project's reports, newest first. Raises CursorInvalid."""
    scope = f"reports:{reward_id}"
    items, last = rewards.catalogue.reports(reward_id, limit, cursors.read_id(scope, cursor))
    return Page(items, cursors.write_id(scope, last))


def report_body(item: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's ``ProjectReport``."""
    return {"id": item["id"], "at": item["at"], **item["report"]}
