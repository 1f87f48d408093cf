"""What becomes of an erased member's points: all lots end, whatever their month, and choices, donations and reminders go."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from puhui.kernel import clock
from puhui.kernel.errors import Unavailable
from puhui.ledger.api import Ledger, TransferPosted, member, of
from puhui.points.dynamo import Points
from puhui.points.expiry import ROUNDS_MAX
from puhui.points.model import LOTS_AT_ONCE, expiring
from puhui.store.erasing import erase_entries
from puhui.store.session import Session, attempt


def erase_member(member_id: str, now: datetime, *, points: Points, ledger: Ledger) -> Mapping[str, int]:
    """End all points, each lot once, and remove what is kept of the member here. Raises Unavailable when there is more than one call
    does: a call again goes on."""
    account, ended = member(member_id), 0
    for balance in ledger.balances(account):
        ended += _end_all(account, balance.unit, ledger, now)
    items = erase_entries(points.dynamodb, points.table, ("owner", account))
    return {"points": ended, "items": items}


def _end_all(account: str, programme_id: str, ledger: Ledger, now: datetime) -> int:
    def build(session: Session) -> int:
        balance = ledger.balance(account, programme_id)
        lots = [lot for lot in sorted(balance.lots) if balance.lots[lot] > 0][:LOTS_AT_ONCE]
        if lots:
            transfers = [expiring(balance, lot, now) for lot in lots]
            ledger.add(session, transfers, of([balance]), clock.programme_day(now))
        return sum(balance.lots[lot] for lot in lots)

    ended = 0
    for _ in range(ROUNDS_MAX):
        with suppress(TransferPosted):  # by this very step, whose answer got lost: look again
            if not (found := attempt(ledger.dynamodb, build)):
                return ended
            ended += found
    raise Unavailable
