"""Two-phase transfers: a hold sets something aside, and ends once. Pure.

| state   | meaning                                          | next, by                                    |
|---------|--------------------------------------------------|---------------------------------------------|
| pending | set aside, or promised; a promise may be resized | posted: ``add_post``, before ``runs_out``   |
|         |                                                  | voided or expired: ``add_void``             |
| posted  | what it promised was done                        | final                                       |
| voided  | given back: refused, cancelled                   | final                                       |
| expired | given back: nobody collected it in time          | final                                       |

Nothing ends a hold on its own. The context that opened it does so: activities sweep acts, rewards reconcile redemptions.

What a hold takes from an account with a limit moves to ``escrow:<hold id>`` at once, lots and all. What comes from an
account without one (issuance) need not move: the receiving balance counts it as pending.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from puhui.kernel import clock
from puhui.ledger.model import Change, Leg, Transfer, balance_field, is_limited, returned_lot
from puhui.ledger.planning import PENDING

PENDING_STATE, POSTED, VOIDED, EXPIRED = "pending", "posted", "voided", "expired"


@dataclass(frozen=True)
class Hold:
    """``legs`` is what posting will do; ``account`` the account with a limit that it belongs to."""

    id: str
    account: str
    legs: tuple[Leg, ...]
    runs_out: datetime
    reference: str = ""
    state: str = PENDING_STATE

    @property
    def escrow(self) -> str:
        """The account that holds what was set aside."""
        return f"escrow:{self.id}"

    @cached_property
    def content_hash(self) -> str:
        """What makes two holds the same."""
        legs = [[leg.account, leg.asset, leg.amount] for leg in self.legs if leg.amount > 0]
        content = json.dumps(["hold", legs, self.reference], separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    def set_aside(self) -> tuple[Leg, ...]:
        """The legs that leave accounts with a limit while the hold lasts."""
        return tuple(leg for leg in self.legs if leg.amount < 0 and is_limited(leg.account))


def opening(hold: Hold, transfer_id: str, at: datetime) -> Transfer | None:
    """The transfer into escrow, or None when nothing leaves an account with a limit."""
    taken = hold.set_aside()
    if not taken:
        return None
    return Transfer(transfer_id, "hold", at, (*taken, *_mirrored(hold, taken)), hold.reference)


def posting(hold: Hold, transfer_id: str, at: datetime, kind: str, extra: Sequence[Leg] = ()) -> Transfer:
    """The transfer that does what the hold promised; ``extra`` legs, balanced among themselves, go with it."""
    taken = hold.set_aside()
    legs = tuple(replace(leg, account=hold.escrow) if leg in taken else leg for leg in hold.legs)
    return Transfer(transfer_id, kind, at, (*legs, *extra), hold.reference, home=hold.account)


def releasing(hold: Hold, transfer_id: str, at: datetime, kind: str) -> Transfer | None:
    """The transfer that gives back what was set aside, into the lots it came from (``returned_lot``); None when nothing
    was."""
    taken = hold.set_aside()
    if not taken:
        return None
    today = clock.programme_day(at)
    back = tuple(
        replace(leg, amount=-leg.amount, lot=returned_lot(leg.lot, today) if leg.lot else "") for leg in taken
    )
    out = tuple(replace(leg, amount=-leg.amount) for leg in _mirrored(hold, taken))
    return Transfer(transfer_id, kind, at, (*out, *back), hold.reference)


def _mirrored(hold: Hold, taken: Sequence[Leg]) -> tuple[Leg, ...]:
    return tuple(Leg(hold.escrow, leg.asset, -leg.amount, leg.lot) for leg in taken)


def pending_changes(hold: Hold, sign: int) -> list[Change]:
    """What a hold (sign 1) or its end (sign -1) does to what is pending for those who are to receive it: credits, and mg that
    become points only."""
    expected: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for leg in hold.legs:
        name = PENDING.get(leg.asset.partition(":")[0])
        if leg.amount > 0 and is_limited(leg.account) and name:
            pending = expected[leg.account, balance_field(leg.asset)[0]]
            pending[name] = pending.get(name, 0) + sign * leg.amount
    return [Change(account, unit, pending, {}, (), {}, None) for (account, unit), pending in expected.items()]
