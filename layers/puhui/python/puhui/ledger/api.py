"""What other contexts may use of the ledger: its values, and adding transfers and holds to a session of their own."""

from puhui.ledger.dynamo import Ledger, balance_from, transfer_from
from puhui.ledger.errors import HoldNotFound, NotEnough, NotEnoughPoints, TransferPosted
from puhui.ledger.holds import Hold
from puhui.ledger.model import Balance, Leg, Transfer, credits, lot_expiring, member, of, points
from puhui.ledger.usecases import add_hold, add_post, add_void

__all__ = [
    "Balance",
    "Hold",
    "HoldNotFound",
    "Ledger",
    "Leg",
    "NotEnough",
    "NotEnoughPoints",
    "Transfer",
    "TransferPosted",
    "add_hold",
    "add_post",
    "add_void",
    "balance_from",
    "credits",
    "lot_expiring",
    "member",
    "of",
    "points",
    "transfer_from",
]
