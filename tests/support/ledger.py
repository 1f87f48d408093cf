"""Transfers and holds as contexts make them: read the balances, plan, one session; the same again is the first.

transfer = post_transfer(Transfer(...), ledger=ledger, now=NOW)
held = hold(Hold(...), ledger=ledger, now=NOW)
post_hold(ANNA, held.id, ledger=ledger, now=NOW)
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from puhui.kernel import clock
from puhui.ledger.api import (
    Balance,
    Hold,
    HoldNotFound,
    HoldResolved,
    Ledger,
    NotEnough,
    Transfer,
    TransferPosted,
    add_hold,
    add_post,
    add_void,
    is_limited,
    of,
)
from puhui.ledger.errors import TransferIdReused
from puhui.ledger.holds import EXPIRED, PENDING_STATE, POSTED, VOIDED
from puhui.ledger.model import balance_field
from puhui.store.session import Session, attempt


def read_for(transfers: Sequence[Transfer], ledger: Ledger) -> dict[tuple[str, str], Balance]:
    """The balances that have to be read before ``transfers`` can be planned: those that give points away."""
    places = dict.fromkeys(
        (leg.account, balance_field(leg.asset)[0])
        for transfer in transfers
        for leg in transfer.legs
        if leg.amount < 0 and leg.asset.startswith("PTS:") and is_limited(leg.account)
    )
    return of(ledger.balance(account, unit) for account, unit in places)


def post_transfer(transfer: Transfer, *, ledger: Ledger, now: datetime) -> Transfer:
    """Post a transfer; with an id that was posted before, the transfer as it is."""
    owner = transfer.owners[0]

    def build(session: Session) -> None:
        balances = read_for([transfer], ledger)
        ledger.add(session, [transfer], balances, clock.programme_day(now))

    _once(ledger, build, owner, f"T#{transfer.id}", transfer.content_hash)
    posted = ledger.transfer(owner, transfer.id)
    assert posted is not None
    return posted


def hold(wanted: Hold, *, ledger: Ledger, now: datetime) -> Hold:
    """Set aside what ``wanted`` takes; with an id that was used before, the hold as it is."""
    places = dict.fromkeys((leg.account, balance_field(leg.asset)[0]) for leg in wanted.set_aside())

    def build(session: Session) -> None:
        balances = of(ledger.balance(account, unit) for account, unit in places)
        add_hold(session, wanted, balances, ledger=ledger, now=now)

    _once(ledger, build, wanted.account, f"H#{wanted.id}", wanted.content_hash)
    return _held(wanted.account, wanted.id, ledger)


def post_hold(account: str, hold_id: str, *, ledger: Ledger, now: datetime) -> Hold:
    """Do what the hold promised."""

    def end(session: Session, held: Hold) -> None:
        add_post(session, held, "post", (), ledger=ledger, now=now)

    return _end(account, hold_id, POSTED, end, ledger)


def void_hold(account: str, hold_id: str, *, ledger: Ledger, now: datetime, state: str = VOIDED) -> Hold:
    """Give back what was set aside."""

    def end(session: Session, held: Hold) -> None:
        add_void(session, held, ledger=ledger, now=now, state=state)

    return _end(account, hold_id, state, end, ledger)


def expire_hold(account: str, hold_id: str, *, ledger: Ledger, now: datetime) -> Hold:
    """Give back what nobody collected."""
    return void_hold(account, hold_id, ledger=ledger, now=now, state=EXPIRED)


def _once(
    ledger: Ledger, build: Callable[[Session], None], account: str, entry: str, content_hash: str
) -> None:
    try:
        attempt(ledger.dynamodb, build)
    except TransferPosted:
        return
    except NotEnough:  # the first sending may have taken it, and its answer got lost
        item = ledger.dynamodb.get(ledger.table, {"account": account, "entry": entry})
        if item is None:
            raise
        if item["hash"] != content_hash:
            raise TransferIdReused from None


def _end(
    account: str, hold_id: str, state: str, end: Callable[[Session, Hold], None], ledger: Ledger
) -> Hold:
    held = _held(account, hold_id, ledger)
    try:
        if held.state != PENDING_STATE:
            raise HoldResolved(state=held.state, transfer_id="")  # noqa: TRY301 as if the race were lost
        attempt(ledger.dynamodb, lambda session: end(session, held))
    except HoldResolved as resolved:
        if resolved.details["state"] != state:
            raise
    return _held(account, hold_id, ledger)


def _held(account: str, hold_id: str, ledger: Ledger) -> Hold:
    held = ledger.hold(account, hold_id)
    if held is None:
        raise HoldNotFound
    return held
