"""Balances as the contract shows them; ``statement.py`` has the lines of statements."""

from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.ledger.model import NO_EXPIRY, Balance, Entrustment, lot_end
from puhui.ledger.planning import REDUCED


def balance(held: Balance, now: datetime, entrusted: Entrustment | None = None) -> dict[str, Any]:
    """What a member holds in one programme; ``expiring`` lists the lots of points, oldest first. Of the credits that are held
    and those that were handed over for points (``pooled_mg``), ``entrusted_mg`` may be sold."""
    may_be_sold = entrusted is not None and entrusted.granted
    lots = held.spendable(clock.programme_day(now))
    return {
        "programme_id": held.unit,
        "reduced_mg": held.amounts.get(REDUCED, 0),
        "credits_mg": held.credits_mg,
        "points": sum(lots.values()),
        "pending_mg": held.pending_mg,
        "pooled_mg": held.pooled_mg,
        "entrusted_mg": held.credits_mg + held.pooled_mg if may_be_sold else 0,
        "expiring": [
            {"points": points, "at": clock.to_text(lot_end(lot))}
            for lot, points in lots.items()
            if lot != NO_EXPIRY
        ],
    }
