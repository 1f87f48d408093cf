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
from puhui.ledger.holds import EXPIRED, PENDING_STATE, POSTED, Hold
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
from puhui.ledger.showing import balance as shown_balance
from puhui.ledger.statement import ABOUT_ACTIVITY, ABOUT_REDEMPTION, About, Names, about, line, programme_of
from puhui.ledger.usecases import add_hold, add_post, add_void, add_with_holds
from puhui.ledger.usecases import statement as statement_page

__all__ = [
    "ABOUT_ACTIVITY",
    "ABOUT_REDEMPTION",
    "AUDIT_SHARDS",
    "EXPIRED",
    "NO_EXPIRY",
    "PENDING_STATE",
    "POSTED",
    "About",
    "Balance",
    "Entrustment",
    "Hold",
    "HoldNotFound",
    "HoldRanOut",
    "HoldResolved",
    "Ledger",
    "Leg",
    "Names",
    "NotEnough",
    "NotEnoughPoints",
    "Transfer",
    "TransferPosted",
    "about",
    "add_hold",
    "add_post",
    "add_void",
    "add_with_holds",
    "balance_from",
    "credits",
    "hold_from",
    "is_limited",
    "line",
    "lot_end",
    "lot_expiring",
    "lot_of",
    "member",
    "of",
    "points",
    "programme_of",
    "returned_lot",
    "shown_balance",
    "statement_page",
    "transfer_from",
    "unverified",
]
