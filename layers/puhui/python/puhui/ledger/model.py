"""What the ledger knows, as pure values: accounts, assets, legs, transfers, balances and their expiry lots.

An **account** is ``kind:owner`` (``member:01J...``, ``pool:carbon-88``). One with a limit (a person's, an organisation's,
a budget's) has a balance that is checked; one without (issuance, pool, expired, retired) is the sum of its legs.
An **asset** is what is counted: ``CO2E:<programme>:<vintage year>`` in mg, ``PTS:<programme>`` in points, ``CNY`` in fen;
``UNV:<programme>:<year>`` is mg that were counted by a factor too weak for credits: it becomes points and nothing else.
A **lot** is points that expire together, named after the last month in which they can be spent (``2028-11``). Points that come
back when it has ended make its **grace lot** (``2028-11+``), which ends with the next month. It keeps the name of the first end, and so
whatever comes back again has no other end.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from puhui.kernel import clock
from puhui.kernel.quantities import amount

LIMITED_KINDS = frozenset({"member", "organisation", "merchant", "budget"})
LEGS_MAX = 20  # that a caller asks for
RESOLVED_LEGS_MAX = (
    400  # as posted: points that are held in many lots have a leg for each, two when they come out of escrow
)
REFERENCE_MAX = 64
NO_EXPIRY = "9999-12"
CAME_BACK = "+"  # after the month, in a grace lot's name


def member(member_id: str) -> str:
    """A member's account."""
    return f"member:{member_id}"


def credits(programme_id: str, year: int) -> str:
    """The asset of verified reductions of one vintage, in mg of CO2 equivalent."""
    return f"CO2E:{programme_id}:{year}"


def unverified(programme_id: str, year: int) -> str:
    """The asset of mg that may give points, but are no credits: no registry will ever see them."""
    return f"UNV:{programme_id}:{year}"


def points(programme_id: str) -> str:
    """The asset of a programme's points."""
    return f"PTS:{programme_id}"


def is_limited(account: str) -> bool:
    """Whether the account has a balance that must not go below zero."""
    return account.split(":", 1)[0] in LIMITED_KINDS


def balance_field(asset: str) -> tuple[str, str]:
    """Which balance of an account has an asset, and under which name: (programme or CNY, field)."""
    kind, _, rest = asset.partition(":")
    if kind in ("CO2E", "UNV"):
        programme_id, _, year = rest.rpartition(":")
        return programme_id, f"{'credits' if kind == 'CO2E' else 'unverified'}_{year}"
    return (rest, "points") if kind == "PTS" else ("CNY", "fen")


@dataclass(frozen=True)
class Leg:
    """``amount`` of ``asset`` into (above zero) or out of an account. ``lot`` names the lot of points: needed when points
    come in to an account with a limit; when they go out, the oldest are taken unless a lot is named."""

    account: str
    asset: str
    amount: int
    lot: str = ""

    def __post_init__(self) -> None:
        if amount(self.amount) == 0:
            raise ValueError("a leg of nothing is no leg")


@dataclass(frozen=True)
class Transfer:
    """Legs that sum to zero in every asset, under an id the caller chose (a ULID). Posted once, never changed."""

    id: str
    kind: str
    at: datetime
    legs: tuple[Leg, ...]
    reference: str = ""  # what it is about: an activity's or a redemption's id
    home: str = ""  # whose statement it is in when no leg touches an account with a limit (out of escrow)

    def __post_init__(self) -> None:
        if not 2 <= len(self.legs) <= RESOLVED_LEGS_MAX:
            raise ValueError(f"a transfer has 2 to {RESOLVED_LEGS_MAX} legs")
        if len(self.reference) > REFERENCE_MAX:
            raise ValueError(f"a reference has at most {REFERENCE_MAX} characters")
        sums: dict[str, int] = {}
        for leg in self.legs:
            sums[leg.asset] = sums.get(leg.asset, 0) + leg.amount
        if unbalanced := {asset: total for asset, total in sums.items() if total}:
            raise ValueError(f"the legs do not sum to zero: {unbalanced}")
        if not self.owners:
            raise ValueError("a transfer touches at least one account with a limit")

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """The accounts with a limit, in order of appearance; the transfer is in each one's statement."""
        limited = [leg.account for leg in self.legs if is_limited(leg.account)]
        return tuple(dict.fromkeys([*limited, self.home] if self.home else limited))

    @cached_property
    def content_hash(self) -> str:
        """What makes two transfers the same: everything but the time."""
        legs = [[leg.account, leg.asset, leg.amount, leg.lot] for leg in self.legs]
        content = json.dumps([self.kind, legs, self.reference], separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Balance:
    """What an account holds in one programme (or of CNY), when it was read: ``amounts`` by field, points also by lot."""

    account: str
    unit: str
    amounts: Mapping[str, int] = field(default_factory=dict)
    lots: Mapping[str, int] = field(default_factory=dict)
    version: int = 0

    def credits_of(self, year: int) -> int:
        """Verified reductions of one vintage, in mg."""
        return self.amounts.get(f"credits_{year}", 0)

    def unverified_of(self, year: int) -> int:
        """What is left under a point of mg that are no credits."""
        return self.amounts.get(f"unverified_{year}", 0)

    @property
    def credits_mg(self) -> int:
        """Verified reductions that the account holds, all vintages."""
        return sum(value for name, value in self.amounts.items() if name.startswith("credits_"))

    @property
    def pooled_mg(self) -> int:
        """Verified reductions that the owner handed over to the programme's pool for points, all vintages."""
        return sum(value for name, value in self.amounts.items() if name.startswith("pooled_"))

    @property
    def pending_mg(self) -> int:
        """Reductions that are to come: of acts that are being verified, or wait to be collected."""
        return self.amounts.get("pending_mg", 0)

    @property
    def pending_unverified_mg(self) -> int:
        """The same of mg that are no credits: they become points only."""
        return self.amounts.get("pending_unverified_mg", 0)

    def spendable(self, today: date) -> dict[str, int]:
        """The lots that can still be spent on ``today``, oldest first."""
        return {
            lot: self.lots[lot]
            for lot in sorted(self.lots)
            if is_spendable(lot, today) and self.lots[lot] > 0
        }

    def points(self, today: date) -> int:
        """The points that can be spent on ``today``."""
        return sum(self.spendable(today).values())


@dataclass(frozen=True)
class Entrustment:
    """Whether a member lets the programmes sell the credits that the member holds or handed over (``pooling``), since when, and
    by which notice. It covers all of a member's grams that were not sealed for a sale: who withdraws leaves with all of them."""

    granted: bool
    since: datetime
    notice: str


def lot_of(day: date) -> str:
    """The month's name as a lot's."""
    return f"{day.year:04}-{day.month:02}"


def lot_expiring(day: date, valid_months: int | None) -> str:
    """The lot of points earned on ``day`` that can be spent for ``valid_months`` more months (None: for ever)."""
    if valid_months is None:
        return NO_EXPIRY
    months = day.year * 12 + day.month - 1 + valid_months
    return f"{months // 12:04}-{months % 12 + 1:02}"


def last_month(lot: str) -> str:
    """The last month in which the lot can be spent: its own, for a grace lot the next one."""
    if not lot.endswith(CAME_BACK):
        return lot
    return lot_expiring(date.fromisoformat(f"{lot.removesuffix(CAME_BACK)}-01"), 1)


def is_spendable(lot: str, today: date) -> bool:
    """Whether the lot can still be spent on ``today``."""
    return last_month(lot) >= lot_of(today)


def lots_of_month(day: date) -> tuple[str, str]:
    """The lots that end with the month of ``day``, the one that began earlier first."""
    before = lot_of(day.replace(day=1) - timedelta(days=1))
    return before + CAME_BACK, lot_of(day)


def returned_lot(lot: str, today: date) -> str:
    """Where points of ``lot`` go that come back on ``today``: where they came from or, when that has ended meanwhile, into its
    grace lot, even if that has ended, too: then they expire with the next run. Once, whatever is bought and given back in
    between: the grace counts from the first end. A month is what an order may take until it fails without its member's doing."""
    return lot if is_spendable(lot, today) or lot.endswith(CAME_BACK) else lot + CAME_BACK


def lot_end(lot: str) -> datetime:
    """The moment from which the lot can no longer be spent: the first of a month in China."""
    last = last_month(lot)
    year, month = int(last[:4]), int(last[5:])
    return clock.day_start(date(year + month // 12, month % 12 + 1, 1))


@dataclass(frozen=True)
class Change:
    """What a set of transfers does to one balance: ``deltas`` by field, ``lots`` by lot, ``needs``: what it must hold.

    ``version`` is set when the change was worked out from a balance that was read, and holds only for that one.
    """

    account: str
    unit: str
    deltas: dict[str, int]
    lots: dict[str, int]
    emptied: tuple[str, ...]
    needs: dict[str, int]
    version: int | None


@dataclass(frozen=True)
class Plan:
    """Transfers with every leg of points resolved to its lots, and the changes they make."""

    transfers: tuple[tuple[Transfer, tuple[Leg, ...]], ...]
    changes: tuple[Change, ...]


Balances = Mapping[tuple[str, str], Balance]


def of(balances: Iterable[Balance]) -> dict[tuple[str, str], Balance]:
    """Balances by account and unit."""
    return {(balance.account, balance.unit): balance for balance in balances}
