"""The points of one account: its transfers added up, and compared with its balance and holds. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from puhui.ledger.api import PENDING_STATE, Balance, Hold, Transfer, is_limited
from puhui.points.tally import Difference, Tally


@dataclass
class Flows:
    """One account's transfers of points, added up: all of them, and in ``then`` those up to a moment. ``by_reference``: what was
    spent, refunded, ever and still held for each redemption, and whether anything since ``since``; ``spending``: id and kind of
    the transfer that spent."""

    account: str
    asset: str
    since: datetime
    until: datetime | None = None
    sums: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)
    by_reference: dict[str, Counter[str]] = field(default_factory=dict)
    spending: dict[str, tuple[str, str]] = field(default_factory=dict)
    then: "Flows" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.then = Flows(self.account, self.asset, self.since) if self.until else self

    def late(self, reference: str, name: str) -> int:
        """How much of it came after the moment."""
        return (
            self.by_reference.get(reference, Counter())[name]
            - self.then.by_reference.get(reference, Counter())[name]
        )

    def add(self, transfer: Transfer) -> None:
        """Add a transfer of the account's statement. One that is in several statements is counted in each for that
        account's own part of it, so that each transfer counts once in all."""
        if self.until and transfer.at <= self.until:
            self.then.add(transfer)
        legs = [leg for leg in transfer.legs if leg.asset == self.asset]
        own = [leg for leg in legs if leg.account == self.account]
        outside = [leg for leg in legs if not is_limited(leg.account)]
        others = any(is_limited(leg.account) and leg.account != self.account for leg in legs)
        if not legs or (others and not own):
            return
        self.sums["transfers"] += 1
        for leg in own:
            self.sums["outstanding"] += leg.amount
            self.months[leg.lot] += leg.amount
        if not others:
            for leg in outside:
                self._count(leg.account, leg.amount, transfer)
            return
        kinds = {leg.account for leg in outside}
        amount = sum(leg.amount for leg in own)
        if len(kinds) == 1:
            self._count(kinds.pop(), -amount, transfer)
        else:
            self.sums["moved"] += amount

    def _count(self, account: str, amount: int, transfer: Transfer) -> None:
        kind = account.partition(":")[0]
        if kind == "issuance":
            self.sums["issued" if amount < 0 else "taken_back"] += abs(amount)
        elif kind == "expired":
            self.sums["expired"] += amount
        elif kind == "escrow":
            self.sums["held"] += amount
            if account == f"escrow:{transfer.reference}":  # as a redemption holds points; others may, too
                self._reference(transfer).update(held=amount, ever_held=max(amount, 0))
        elif kind == "retired" and amount > 0:
            self.spent[transfer.kind] += amount
            self._reference(transfer)["spent"] += amount
            self.spending[transfer.reference] = transfer.id, transfer.kind
        elif kind == "retired":
            self.sums["refunded"] -= amount
            self._reference(transfer)["refunded"] -= amount
        else:
            self.sums["elsewhere"] += amount

    def _reference(self, transfer: Transfer) -> Counter[str]:
        sums = self.by_reference.setdefault(transfer.reference, Counter())
        sums["moved"] += transfer.at >= self.since
        return sums


def held_by(holds: Sequence[Hold], asset: str) -> int:
    """The points that pending holds have set aside."""
    return -sum(
        leg.amount
        for hold in holds
        if hold.state == PENDING_STATE
        for leg in hold.set_aside()
        if leg.asset == asset
    )


def account_differences(flows: Flows, balance: Balance, held: int) -> list[Difference]:
    """Where transfers and balance (its points, each lot, pending holds) are not the same."""
    pairs = [
        ("points", flows.sums["outstanding"], balance.amounts.get("points", 0)),
        ("held", flows.sums["held"], held),
        *(
            (f"lot {lot}", flows.months[lot], balance.lots.get(lot, 0))
            for lot in sorted({*flows.months, *balance.lots})
        ),
    ]
    return [Difference("account", flows.account, *pair) for pair in pairs if pair[1] != pair[2]]


def add_account(tally: Tally, flows: Flows, balance: Balance, held: int) -> None:
    """Add what one account's transfers up to the moment say, and its balance without those that came after it."""
    then = flows.then
    tally.sums.update(then.sums)
    tally.sums["accounts"] += 1
    tally.spent.update(then.spent)
    tally.months.update(then.months)
    tally.booked.update(balance.lots)
    tally.booked.subtract(flows.months)
    tally.booked.update(then.months)
    tally.sums["booked"] += _back(balance.amounts.get("points", 0), flows, "outstanding")
    tally.sums["booked_held"] += _back(held, flows, "held")


def _back(amount: int, flows: Flows, name: str) -> int:
    return amount - flows.sums[name] + flows.then.sums[name]
