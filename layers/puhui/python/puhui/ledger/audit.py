"""The audit: re-adds an account from its transfers and holds, and reports every difference to what its balances say."""

from collections import defaultdict
from dataclasses import dataclass

from puhui.ledger.dynamo import Ledger
from puhui.ledger.holds import PENDING_STATE, pending_changes
from puhui.ledger.model import Balance, Transfer, balance_field
from puhui.ledger.planning import memos


@dataclass(frozen=True)
class Difference:
    """``field`` of the account's balance in ``unit`` says ``stored``; its transfers say ``summed``."""

    account: str
    unit: str
    field: str
    stored: int
    summed: int


@dataclass
class Report:
    """What an audit found. ``totals`` are the sums of every asset over the accounts without a limit, as read from the
    other side of each transfer, and over the accounts with one: they must cancel out."""

    accounts: int
    transfers: int
    differences: list[Difference]
    held: dict[str, int]
    outside: dict[str, int]

    @property
    def sound(self) -> bool:
        """No difference, and nothing made or lost: what members hold is what issuance and the others gave."""
        assets = {*self.held, *self.outside}
        return not self.differences and all(
            self.held.get(asset, 0) + self.outside.get(asset, 0) == 0 for asset in assets
        )


def audit(ledger: Ledger) -> Report:
    """Audit every account that has a balance, account by account, in constant memory."""
    report = Report(0, 0, [], defaultdict(int), defaultdict(int))
    for account in ledger.every_account():
        audit_account(account, ledger, report)
    return report


def audit_account(account: str, ledger: Ledger, report: Report) -> None:
    """Re-add one account and add what was found to ``report``."""
    summed: dict[tuple[str, str], int] = defaultdict(int)
    report.accounts += 1
    for transfer in ledger.statement(account):
        report.transfers += 1
        _add_transfer(transfer, account, summed, report)
    for held in ledger.holds(account):
        if held.state == PENDING_STATE:
            for change in pending_changes(held, 1):
                for name, delta in change.deltas.items():
                    summed[change.unit, name] += delta
    stored = {
        (balance.unit, name): value
        for balance in ledger.balances(account)
        for name, value in _fields(balance).items()
    }
    for place in sorted({*summed, *stored}):
        if summed.get(place, 0) != stored.get(place, 0):
            report.differences.append(Difference(account, *place, stored.get(place, 0), summed.get(place, 0)))


def _add_transfer(
    transfer: Transfer, account: str, summed: dict[tuple[str, str], int], report: Report
) -> None:
    first = transfer.owners[0] == account
    for leg in transfer.legs:
        unit, name = balance_field(leg.asset)
        if leg.account == account:
            report.held[leg.asset] += leg.amount
            summed[unit, name] += leg.amount
            if leg.lot:
                summed[unit, f"lot {leg.lot}"] += leg.amount
        elif first and leg.account not in transfer.owners:
            report.outside[leg.asset] += leg.amount
            if (memo := memos(leg)) is not None:
                summed[unit, memo[0]] += memo[1]


def _fields(balance: Balance) -> dict[str, int]:
    return {**balance.amounts, **{f"lot {lot}": value for lot, value in balance.lots.items()}}
