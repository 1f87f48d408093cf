"""What can be done with the ledger. Each function is one transaction; repeating it with the same id changes nothing."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.kernel.pages import Page
from puhui.ledger import holds, planning
from puhui.ledger.dynamo import Ledger
from puhui.ledger.errors import (
    HoldNotDue,
    HoldNotFound,
    HoldRanOut,
    HoldResolved,
    NotEnough,
    NotReversible,
    TransferIdReused,
    TransferNotFound,
    TransferPosted,
)
from puhui.ledger.holds import EXPIRED, POSTED, VOIDED, Hold
from puhui.ledger.model import (
    Balances,
    Leg,
    Plan,
    Transfer,
    balance_field,
    is_limited,
    of,
)
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


def post_transfer(transfer: Transfer, *, ledger: Ledger, now: datetime) -> Transfer:
    """Post a transfer; with an id that was posted before, the transfer as it stands.

    Raises NotEnoughPoints, NotEnoughCredits, TransferIdReused.
    """

    def build(session: Session) -> None:
        balances = read_for([transfer], ledger)
        ledger.add(session, [transfer], balances, clock.programme_day(now))

    _once(build, transfer.owners[0], f"T#{transfer.id}", transfer.content_hash, ledger)
    posted = ledger.transfer(transfer.owners[0], transfer.id)
    if posted is None:
        raise TransferNotFound
    return posted


def _once(
    build: Callable[[Session], None], account: str, entry: str, content_hash: str, ledger: Ledger
) -> None:
    """Write what ``build`` adds unless it stands already under ``entry``.

    A repetition may find the balance already without what the first sending took: before it is refused for that, the
    ledger looks whether it stands.
    """
    try:
        with suppress(TransferPosted):
            attempt(ledger.dynamodb, build)
    except NotEnough:
        stands = ledger.hash_of(account, entry)
        if stands is None:
            raise
        if stands != content_hash:
            raise TransferIdReused from None


def read_for(transfers: Sequence[Transfer], ledger: Ledger) -> Balances:
    """The balances that have to be read before ``transfers`` can be planned: those that give points away."""
    places = dict.fromkeys(
        (leg.account, balance_field(leg.asset)[0])
        for transfer in transfers
        for leg in transfer.legs
        if leg.amount < 0 and leg.asset.startswith("PTS:") and is_limited(leg.account)
    )
    return of(ledger.balance(account, unit) for account, unit in places)


def hold(wanted: Hold, *, ledger: Ledger, now: datetime) -> Hold:
    """Set aside what ``wanted`` takes; with an id that was used before for the same, the hold as it stands."""

    def build(session: Session) -> None:
        opening = holds.opening(wanted, ids.derived_id(now, wanted.id, "hold"), now)
        balances = read_for([opening], ledger) if opening else {}
        add_hold(session, wanted, balances, ledger=ledger, now=now)

    _once(build, wanted.account, f"H#{wanted.id}", wanted.content_hash, ledger)
    return _standing(wanted.account, wanted.id, ledger)


def add_hold(session: Session, wanted: Hold, balances: Balances, *, ledger: Ledger, now: datetime) -> None:
    """Add a hold to a session of another context's."""
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
    """Add transfers, new holds, and holds that promise another amount than before to a session of another context's,
    with one update for each balance they change.

    ``resized`` are pairs: a pending hold as it was read, and as it shall be. Raises ValueError for holds that set
    something aside: only a promise out of an account without a limit changes its size.
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


def post_hold(account: str, hold_id: str, *, ledger: Ledger, now: datetime) -> Hold:
    """Do what the hold promised. Raises HoldNotFound, HoldRanOut, HoldResolved (voided or expired before)."""

    def end(session: Session, held: Hold) -> None:
        add_post(session, held, "post", (), ledger=ledger, now=now)

    return _resolve(account, hold_id, POSTED, end, ledger)


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
    """Add the posting of a hold to a session of another context's; the transfer that will stand."""
    if held.runs_out <= now:
        raise HoldRanOut
    transfer = holds.posting(held, ids.derived_id(now, held.id, POSTED), now, kind, extra)
    _add_end(session, held, POSTED, transfer, balances, ledger=ledger, now=now)
    return transfer


def void_hold(account: str, hold_id: str, *, ledger: Ledger, now: datetime) -> Hold:
    """Give back what was set aside. Raises HoldNotFound, HoldResolved (posted or expired before)."""

    def end(session: Session, held: Hold) -> None:
        add_void(session, held, ledger=ledger, now=now)

    return _resolve(account, hold_id, VOIDED, end, ledger)


def add_void(session: Session, held: Hold, *, ledger: Ledger, now: datetime, state: str = VOIDED) -> None:
    """Add the voiding of a hold to a session of another context's."""
    kind = "void" if state == VOIDED else "expire"
    transfer = holds.releasing(held, ids.derived_id(now, held.id, state), now, kind)
    _add_end(session, held, state, transfer, {}, ledger=ledger, now=now)


def expire_hold(account: str, hold_id: str, *, ledger: Ledger, now: datetime) -> Hold:
    """Give back what was set aside because the hold's time is over. Raises HoldNotDue before that."""

    def end(session: Session, held: Hold) -> None:
        if held.runs_out > now:
            raise HoldNotDue
        add_void(session, held, ledger=ledger, now=now, state=EXPIRED)

    return _resolve(account, hold_id, EXPIRED, end, ledger)


def reverse(account: str, transfer_id: str, *, ledger: Ledger, now: datetime) -> Transfer:
    """Post the mirror image of a transfer, once. What it takes back must still be there.

    Points that were spent come back into the lots they were taken from; points that were earned are taken from the
    lots they went to. Raises TransferNotFound, AlreadyReversed, NotEnoughPoints, NotEnoughCredits.
    """
    original = ledger.transfer(account, transfer_id)
    if original is None:
        raise TransferNotFound
    if original.kind in ("hold", "void", "expire"):
        raise NotReversible
    # What was posted out of escrow came from the account: it goes back there, not into a hold that has ended.
    legs = tuple(
        replace(
            leg, amount=-leg.amount, account=account if leg.account.startswith("escrow:") else leg.account
        )
        for leg in original.legs
    )
    mirror = Transfer(
        ids.derived_id(now, transfer_id, "reversal"), "reversal", now, legs, original.reference, transfer_id
    )

    def build(session: Session) -> None:
        ledger.add_reversal_mark(session, account, transfer_id, mirror.id)
        ledger.add(session, [mirror], read_for([mirror], ledger), clock.programme_day(now))

    attempt(ledger.dynamodb, build)
    return mirror


def statement(
    account: str, limit: int, cursor: str | None, *, ledger: Ledger, cursors: Cursors
) -> Page[Transfer]:
    """A page of the account's transfers, newest first: one query. Raises CursorInvalid."""
    scope = f"transfers:{account}"
    page = ledger.transfers(account, limit, cursors.read_id(scope, cursor))
    return Page(page.items, cursors.write_id(scope, page.cursor))


def _resolve(
    account: str, hold_id: str, state: str, end: Callable[[Session, Hold], None], ledger: Ledger
) -> Hold:
    """End a hold as ``end`` says; a hold that ended so before is answered as it stands."""
    held = _standing(account, hold_id, ledger)
    try:
        if held.state != holds.PENDING_STATE:
            raise HoldResolved(state=held.state, transfer_id="")  # noqa: TRY301 as if the race were lost
        attempt(ledger.dynamodb, lambda session: end(session, held))
    except HoldResolved as resolved:
        if resolved.details["state"] != state:
            raise
    return _standing(account, hold_id, ledger)


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


def _standing(account: str, hold_id: str, ledger: Ledger) -> Hold:
    held = ledger.hold(account, hold_id)
    if held is None:
        raise HoldNotFound
    return held
