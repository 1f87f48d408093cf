"""What other contexts may use of the ledger: its values, and adding transfers and holds to a session of their own."""

from puhui.ledger.dynamo import AUDIT_SHARDS, Ledger, balance_from, hold_from, transfer_from
from puhui.ledger.errors import (
    HoldNotFound,
    HoldRanOut,
    HoldResolved,
    NotEnough,
    NotEnoughPoints,
    TransferPosted,
)
from puhui.ledger.holds import Hold
from puhui.ledger.model import (
    NO_EXPIRY,
    Balance,
    Entrustment,
    Leg,
    Transfer,
    credits,
    is_limited,
    lot_end,
    lot_expiring,
    lot_of,
    member,
    of,
    points,
    returned_lot,
    unverified,
)
from puhui.ledger.usecases import add_hold, add_post, add_void, add_with_holds

__all__ = [
    "AUDIT_SHARDS",
    "NO_EXPIRY",
    "Balance",
    "Entrustment",
    "Hold",
    "HoldNotFound",
    "HoldRanOut",
    "HoldResolved",
    "Ledger",
    "Leg",
    "NotEnough",
    "NotEnoughPoints",
    "Transfer",
    "TransferPosted",
    "add_hold",
    "add_post",
    "add_void",
    "add_with_holds",
    "balance_from",
    "credits",
    "hold_from",
    "is_limited",
    "lot_end",
    "lot_expiring",
    "lot_of",
    "member",
    "of",
    "points",
    "returned_lot",
    "transfer_from",
    "unverified",
]
