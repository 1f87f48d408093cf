"""Open a settlement, by request or by the calendar."""

from datetime import datetime

from puhui.kernel import clock, ids
from puhui.programmes.api import programme
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements.model import SCHEDULE, Settlement, last_visible
from puhui.settlement.settlements.repository import SETTLEMENT
from puhui.store.conditions import AlreadyExists
from puhui.store.session import attempt


def open_settlement(
    programme_id: str,
    until: datetime,
    request: RequestContext,
    *,
    lag_seconds: int,
    repositories: Repositories,
) -> Settlement:
    """Open a settlement of all that was verified before ``until`` (see ``last_visible``). The caller starts the workflow.

    Raises ProgrammeNotFound, SettlementTooEarly, IdempotencyKeyReused.
    """
    programme(programme_id)
    until = last_visible(until, request.now, lag_seconds)
    settlement_id = request.id("open_settlement")
    settlement = Settlement(
        id=settlement_id,
        programme_id=programme_id,
        until=until,
        opened_by=request.member_id,
        opened_at=request.now.replace(microsecond=0),
        body_hash=request.body_hash,
        opened=ids.derived_id(request.now, settlement_id),
    )
    try:
        attempt(repositories.dynamodb, lambda session: repositories.settlements.add(session, settlement))
    except AlreadyExists as first:
        return SETTLEMENT.read(first.details["item"])
    return settlement


def open_month(
    programme_id: str, now: datetime, *, lag_seconds: int, repositories: Repositories
) -> Settlement:
    """The month's settlement of all that was verified before the first, in China. Repeated in the month it is the same one."""
    first = clock.programme_day(now).replace(day=1)
    request = RequestContext(SCHEDULE, now, f"{programme_id} {first:%Y-%m}", f"{first:%Y-%m}")
    return open_settlement(
        programme_id, clock.day_start(first), request, lag_seconds=lag_seconds, repositories=repositories
    )
