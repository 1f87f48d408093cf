"""The money of a budget or a merchant: its transfers added up, and compared with its balance. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from puhui.ledger.api import Balance, Transfer
from puhui.points.tally import Difference, Tally


def add_money_account(
    tally: Tally,
    account: str,
    transfers: Iterable[Transfer],
    balance: Balance,
    until: datetime,
    since: datetime,
) -> list[Difference]:
    """Add a budget's or a merchant's statement before ``until``; where all of it does not agree with the balance, or has none. A
    reward that was offered, or more or less of it, since ``since`` and before ``until`` or as long after it may have been so either
    side of the moment."""
    kind, _, owner = account.partition(":")
    sums = (tally.budgets if kind == "budget" else tally.merchants).setdefault(owner, Counter())
    settled: dict[str, Counter[str]] = {}
    paid: set[str] = set()
    total = count = late = 0
    for transfer in transfers:
        own = sum(leg.amount for leg in transfer.legs if leg.account == account)
        count, total = count + 1, total + own
        if kind == "budget" and since <= transfer.at <= until + (until - since):
            for reward_id, _ in _committed(transfer):
                tally.reward(reward_id)["offered"] += 1
        if transfer.at >= until:
            late += own
            continue
        for reward_id, fen in _committed(transfer) if transfer.owners[0] == account else ():
            tally.committed[reward_id] += fen
            if kind == "budget":
                tally.paid_by[f"{reward_id}|{owner}"] += fen
        if kind == "budget":
            _add_budget(sums, transfer, account)
        else:
            _add_merchant(sums, transfer, account, settled, paid)
    _add_settled(tally, settled, paid)
    sums["balance"] += balance.amounts.get("fen", 0) - late
    tally.sums["money_accounts"] += count > 0
    pairs = (
        ("fen", total, balance.amounts.get("fen", 0)),
        ("balance", int(count > 0), int(balance.version > 0)),
    )
    return [Difference("account", account, *pair) for pair in pairs if pair[1] != pair[2]]


def _committed(transfer: Transfer) -> list[tuple[str, int]]:
    """What a transfer sets aside for rewards, and takes of that: (reward, fen)."""
    parts = [(leg.account.partition(":"), leg.amount) for leg in transfer.legs]
    return [(reward_id, fen) for (kind, _, reward_id), fen in parts if kind == "committed"]


def _add_settled(tally: Tally, settled: Mapping[str, Counter[str]], paid: set[str]) -> None:
    for reference, by_reward in settled.items():
        for reward_id, fen in by_reward.items():
            tally.settled[f"{reference}|{reward_id}"] += fen
            tally.reward(reward_id)["settled_fen"] += fen
            tally.reward(reward_id)["paid_fen"] += fen if reference in paid else 0


def _add_budget(sums: Counter[str], transfer: Transfer, account: str) -> None:
    own = sum(leg.amount for leg in transfer.legs if leg.account == account)
    for leg in transfer.legs:
        kind, _, rest = leg.account.partition(":")
        if kind == "bank":
            sums["funded" if leg.amount < 0 else "withdrawn"] += abs(leg.amount)
            sums[f"of {rest}"] += 1
        elif kind == "committed":
            sums["committed" if leg.amount > 0 else "released"] += abs(leg.amount)
    if transfer.kind == "adjust":
        sums["adjusted"] -= own


def _add_merchant(
    sums: Counter[str],
    transfer: Transfer,
    account: str,
    settled: dict[str, Counter[str]],
    paid: set[str],
) -> None:
    own = sum(leg.amount for leg in transfer.legs if leg.account == account)
    for leg in transfer.legs:
        kind, _, rest = leg.account.partition(":")
        if kind == "committed":
            settled.setdefault(transfer.reference, Counter())[rest] -= leg.amount
            sums["settled"] -= leg.amount
        elif kind == "bank":
            sums["paid"] += leg.amount
            sums[f"of {rest}"] += 1
            paid.add(transfer.reference)
    if transfer.kind == "adjust":
        sums["adjusted"] += own
