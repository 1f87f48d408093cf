"""Working out what transfers do to balances: netting, limits, and points spent oldest lot first. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from puhui.ledger.errors import not_enough
from puhui.ledger.model import (
    Balance,
    Balances,
    Change,
    Leg,
    Plan,
    Transfer,
    balance_field,
    is_limited,
    is_spendable,
)

REDUCED = "reduced_mg"
PENDING = {"CO2E": "pending_mg", "UNV": "pending_unverified_mg"}  # what is to come, by kind of asset
POOLED = "pooled_"  # and a year: what an owner handed over to the pool for points, by vintage
MEMOS = {REDUCED, *PENDING.values()}  # sums kept beside the assets; nothing is taken from them


def is_memo(name: str) -> bool:
    """Whether a field is a sum kept beside the assets."""
    return name in MEMOS or name.startswith(POOLED)


def memos(leg: Leg) -> tuple[str, int] | None:
    """What a leg of an account without a limit adds to a sum that its owner keeps: credits issued (``reduced_mg``) and credits
    handed over to the programme's pool (``pooled_<year>``), so that of the pool's grams it is known whose they were."""
    if not leg.asset.startswith("CO2E:"):
        return None
    if leg.account.startswith("issuance:"):
        return REDUCED, -leg.amount
    if leg.account.startswith("pool:"):
        return POOLED + leg.asset.rpartition(":")[2], leg.amount
    return None


@dataclass
class _Draft:
    """The change of one balance while it is worked out."""

    balance: Balance | None
    deltas: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lots: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    took_lots: bool = False


def plan(transfers: Sequence[Transfer], balances: Balances, today: date) -> Plan:
    """What ``transfers``, posted together, do to the accounts with a limit.

    ``balances`` holds what was read; it is needed for accounts that give points away. Raises NotEnoughPoints when the
    lots that can be spent on ``today`` do not suffice; other limits become conditions of the write.
    """
    drafts: dict[tuple[str, str], _Draft] = {}
    resolved = []
    for transfer in transfers:
        legs: list[Leg] = []
        for leg in transfer.legs:
            legs += _apply(leg, drafts, balances, today)
        _count_memos(transfer, drafts, balances)
        resolved.append((transfer, tuple(legs)))
    changes = tuple(_change(place, draft) for place, draft in drafts.items() if _has_effect(draft))
    return Plan(tuple(resolved), changes)


def _count_memos(transfer: Transfer, drafts: dict[tuple[str, str], _Draft], balances: Balances) -> None:
    """Keep the owner's sums: what was ever issued, whoever holds it now, and what of it was handed over to the pool."""
    for leg in transfer.legs:
        if (found := memos(leg)) is not None:
            place = transfer.owners[0], balance_field(leg.asset)[0]
            draft = drafts.setdefault(place, _Draft(balances.get(place)))
            draft.deltas[found[0]] += found[1]


def _apply(
    leg: Leg, drafts: dict[tuple[str, str], _Draft], balances: Balances, today: date
) -> tuple[Leg, ...]:
    if not is_limited(leg.account):
        return (leg,)
    unit, name = balance_field(leg.asset)
    place = leg.account, unit
    draft = drafts.setdefault(place, _Draft(balances.get(place)))
    draft.deltas[name] += leg.amount
    if name != "points":
        return (leg,)
    if leg.amount > 0:
        if not leg.lot:
            raise ValueError("points come in with the lot they expire with")
        draft.lots[leg.lot] += leg.amount
        return (leg,)
    return _take(leg, draft, today)


def _take(leg: Leg, draft: _Draft, today: date) -> tuple[Leg, ...]:
    """The legs that take ``leg``'s points out of the named lot or, oldest first, out of those that can be spent."""
    if draft.balance is None:
        raise ValueError("points are taken from a balance that was read")
    draft.took_lots = True
    held = {
        lot: draft.balance.lots.get(lot, 0) + draft.lots.get(lot, 0)
        for lot in {*draft.balance.lots, *draft.lots}
    }
    usable = [leg.lot] if leg.lot else [lot for lot in sorted(held) if is_spendable(lot, today)]
    missing, taken = -leg.amount, []
    for lot in usable:
        if portion := min(held.get(lot, 0), missing):
            draft.lots[lot] -= portion
            taken.append(Leg(leg.account, leg.asset, -portion, lot))
            missing -= portion
    if missing:
        available = sum(held.get(lot, 0) for lot in usable)
        raise not_enough("points", -leg.amount, available)
    return tuple(taken)


def _has_effect(draft: _Draft) -> bool:
    return any(draft.deltas.values()) or any(draft.lots.values())


def _change(place: tuple[str, str], draft: _Draft) -> Change:
    lots = {lot: delta for lot, delta in draft.lots.items() if delta}
    emptied = tuple(
        lot for lot, delta in lots.items() if draft.balance and draft.balance.lots.get(lot, 0) + delta == 0
    )
    needs = {name: -delta for name, delta in draft.deltas.items() if delta < 0 and not is_memo(name)}
    return Change(
        account=place[0],
        unit=place[1],
        deltas={name: delta for name, delta in draft.deltas.items() if delta},
        lots={lot: delta for lot, delta in lots.items() if lot not in emptied},
        emptied=emptied if draft.took_lots else (),
        needs=needs,
        version=draft.balance.version if draft.balance and (draft.took_lots or needs) else None,
    )


def merged(changes: Sequence[Change]) -> tuple[Change, ...]:
    """One change for each balance: a transaction may touch an item once. At most one of a balance's changes may rest on
    a version that was read."""
    result: dict[tuple[str, str], Change] = {}
    for change in changes:
        place = change.account, change.unit
        other = result.get(place)
        if other is None:
            result[place] = change
            continue
        result[place] = Change(
            *place,
            deltas=_sum(other.deltas, change.deltas),
            lots=_sum(other.lots, change.lots),
            emptied=other.emptied + change.emptied,
            needs=_sum(other.needs, change.needs),
            version=other.version if other.version is not None else change.version,
        )
    return tuple(result.values())


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: total for name in {**one, **other} if (total := one.get(name, 0) + other.get(name, 0))}
