"""Balances and transfers as the contract shows them."""

from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.ledger.model import NO_EXPIRY, Balance, Entrustment, Transfer, is_limited, lot_end
from puhui.ledger.planning import PENDING, REDUCED


def balance(held: Balance, now: datetime, entrusted: Entrustment | None = None) -> dict[str, Any]:
    """What a member holds in one programme; ``expiring`` lists the lots of points, oldest first. Of the credits that are held
    and those that were handed over for points (``pooled_mg``), ``entrusted_mg`` may be sold."""
    may_be_sold = entrusted is not None and entrusted.granted
    lots = held.spendable(clock.programme_day(now))
    return {
        "programme_id": held.unit,
        "credits_mg": held.credits_mg,
        "points": sum(lots.values()),
        "pending_mg": held.amounts.get(PENDING, 0),
        "reduced_mg": held.amounts.get(REDUCED, 0),
        "pooled_mg": held.pooled_mg,
        "entrusted_mg": held.credits_mg + held.pooled_mg if may_be_sold else 0,
        "expiring": [
            {"points": points, "at": clock.to_text(lot_end(lot))}
            for lot, points in lots.items()
            if lot != NO_EXPIRY
        ],
    }


def transfer(posted: Transfer, account: str) -> dict[str, Any]:
    """A transfer in the statement of ``account``; of other people's accounts only the kind is shown."""
    legs = [
        {
            "account": leg.account
            if leg.account == account or not is_limited(leg.account)
            else _kind(leg.account),
            "asset": leg.asset,
            "amount": leg.amount,
        }
        for leg in posted.legs
    ]
    shown: dict[str, Any] = {
        "id": posted.id,
        "at": clock.to_text(posted.at),
        "kind": posted.kind,
        "legs": legs,
        "entry_id": posted.id,  # a transfer's entry in the journal has its id
    }
    if posted.reference:
        shown["reference"] = posted.reference
    if posted.reverses:
        shown["reverses"] = posted.reverses
    return shown


def _kind(account: str) -> str:
    return account.partition(":")[0]
