"""What other contexts do with the ledger: add transfers, holds and their ends to a session of their own, and read a statement.

Each use case of theirs is one transaction. Ids derive from what caused them, so that repeating one changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.kernel.pages import Page
from puhui.ledger import holds, planning
from puhui.ledger.dynamo import Ledger
from puhui.ledger.errors import HoldRanOut
from puhui.ledger.holds import POSTED, VOIDED, Hold
from puhui.ledger.model import Balances, Leg, Plan, Transfer, is_limited
from puhui.store.cursors import Cursors
from puhui.store.session import Session


def add_hold(session: Session, wanted: Hold, balances: Balances, *, ledger: Ledger, now: datetime) -> None:
    """Set aside what ``wanted`` takes. Raises NotEnoughPoints."""
    opening = holds.opening(wanted, ids.derived_id(now, wanted.id, "hold"), now)
    plan = planning.plan([opening] if opening else [], balances, clock.programme_day(now))
    taken = [leg for _, legs in plan.transfers for leg in legs if is_limited(leg.account)]
    kept = [leg for leg in wanted.legs if leg not in wanted.set_aside()]
    resolved = replace(wanted, legs=(*taken, *kept))
    ledger.add_hold(session, resolved)
    ledger.add_plan(session, Plan(plan.transfers, (*plan.changes, *holds.pending_changes(resolved, 1))))


def add_with_holds(
    session: Session,
    transfers: Sequence[Transfer],
    balances: Balances,
    *,
    opened: Sequence[Hold] = (),
    resized: Sequence[tuple[Hold, Hold]] = (),
    ledger: Ledger,
    now: datetime,
) -> None:
    """Add transfers, new holds, and holds that promise another amount than before, with one update for each balance they change.

    ``resized`` are pairs: a pending hold as it was read, and as it shall be. Raises ValueError for holds that set something
    aside: only a promise out of an account without a limit changes its size.
    """
    if any(each.set_aside() for each in (*opened, *(after for _, after in resized))):
        raise ValueError("a hold that sets something aside does not change its size")
    plan = planning.plan(transfers, balances, clock.programme_day(now))
    changes = list(plan.changes)
    for each in opened:
        ledger.add_hold(session, each)
        changes += holds.pending_changes(each, 1)
    for before, after in resized:
        ledger.add_resizing(session, before, after)
        changes += [*holds.pending_changes(before, -1), *holds.pending_changes(after, 1)]
    ledger.add_plan(session, Plan(plan.transfers, planning.merged(changes)))


def add_post(
    session: Session,
    held: Hold,
    kind: str,
    extra: Sequence[Leg],
    *,
    ledger: Ledger,
    now: datetime,
    balances: Balances = {},  # noqa: B006 never changed
) -> Transfer:
    """Do what the hold promised; the transfer that is posted. Raises HoldRanOut."""
    if held.runs_out <= now:
        raise HoldRanOut
    transfer = holds.posting(held, ids.derived_id(now, held.id, POSTED), now, kind, extra)
    _add_end(session, held, POSTED, transfer, balances, ledger=ledger, now=now)
    return transfer


def add_void(session: Session, held: Hold, *, ledger: Ledger, now: datetime, state: str = VOIDED) -> None:
    """Give back what the hold set aside: ``state`` is VOIDED or, after its time, EXPIRED."""
    kind = "void" if state == VOIDED else "expire"
    transfer = holds.releasing(held, ids.derived_id(now, held.id, state), now, kind)
    _add_end(session, held, state, transfer, {}, ledger=ledger, now=now)


def _add_end(
    session: Session,
    held: Hold,
    state: str,
    transfer: Transfer | None,
    balances: Balances,
    *,
    ledger: Ledger,
    now: datetime,
) -> None:
    ledger.add_resolution(session, held, state, transfer.id if transfer else "")
    plan = planning.plan([transfer] if transfer else [], balances, clock.programme_day(now))
    changes = planning.merged([*plan.changes, *holds.pending_changes(held, -1)])
    ledger.add_plan(session, Plan(plan.transfers, changes))


def statement(
    account: str, limit: int, cursor: str | None, *, ledger: Ledger, cursors: Cursors
) -> Page[Transfer]:
    """A page of the account's transfers, newest first: one query. Raises CursorInvalid."""
    scope = f"transfers:{account}"
    page = ledger.transfers(account, limit, cursors.read_id(scope, cursor))
    return Page(page.items, cursors.write_id(scope, page.cursor))
