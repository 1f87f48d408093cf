"""What one shard's accounts and items say, added up. Pure, and the same whatever order it is added in.

Everything is said twice: by the ledger's transfers, and by what stands apart from them (balances and holds; redemptions and
coupons). A ``Difference`` names whoever is concerned where the two are not the same. Where what differs is no number it is counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from puhui.ledger.api import Balance, Hold, Transfer, is_limited
from puhui.rewards.api import (
    CANCELLED,
    DONATION,
    EXPIRED,
    FULFILLED,
    ISSUED,
    PROCESSING,
    QUEUED,
    USED,
    Coupon,
    Redemption,
    Reward,
)

DIFFERENCES_MAX = 100  # named for each shard, and in a report ten times as many; all are counted
Document = dict[str, Any]
FIXED = (
    "programme_id",
    "kind",
    "merchant_id",
    "budget_id",
    "fen",
)  # of a reward, its redemptions and their coupons
PENDING, POSTED = "pending", "posted"  # of a hold


@dataclass(frozen=True)
class Difference:
    """``about`` (account, redemption, coupon, reward, settlement, programme) ``id``: its ``field`` is ``expected`` by the ledger,
    ``found`` by what stands apart from it."""

    about: str
    id: str
    field: str
    expected: int
    found: int

    def shown(self) -> Document:
        """For the contract."""
        return {
            "about": self.about,
            "id": self.id,
            "field": self.field,
            "expected": self.expected,
            "found": self.found,
            "amount": self.found - self.expected,
        }


@dataclass
class Tally:
    """Sums by name; ``rewards``, ``budgets`` and ``merchants`` by id; ``committed`` fen by reward; ``settled`` (by transfers) and
    ``claimed`` (by items) fen by ``<settlement>|<reward>``; ``paid_by`` fen that was set aside, by ``<reward>|<budget>``."""

    sums: Counter[str] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)
    booked: Counter[str] = field(default_factory=Counter)
    committed: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    claimed: Counter[str] = field(default_factory=Counter)
    paid_by: Counter[str] = field(default_factory=Counter)
    rewards: dict[str, Counter[str]] = field(default_factory=dict)
    budgets: dict[str, Counter[str]] = field(default_factory=dict)
    merchants: dict[str, Counter[str]] = field(default_factory=dict)
    differences: list[Document] = field(default_factory=list)

    def reward(self, reward_id: str) -> Counter[str]:
        """A reward's sums."""
        return self.rewards.setdefault(reward_id, Counter())

    def add_differences(self, found: Iterable[Difference]) -> None:
        """Name differences, as far as there is room, and count them."""
        for each in found:
            self.sums["differences"] += 1
            if len(self.differences) < DIFFERENCES_MAX:
                self.differences.append(each.shown())

    def add(self, other: "Tally") -> None:
        """Add another's sums to this one's."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, list):
                mine.extend(theirs)
            else:
                for name, sums in theirs.items():
                    mine.setdefault(name, Counter()).update(sums)

    def as_document(self) -> Document:
        """For the table."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_document(cls, document: Document) -> "Tally":
        """Back from the table."""
        made = cls()
        for each in fields(made):
            value = document[each.name]
            if isinstance(getattr(made, each.name), Counter):
                value = Counter(value)
            elif isinstance(value, dict):
                value = {name: Counter(sums) for name, sums in value.items()}
            setattr(made, each.name, value)
        return made


# Points of one account


@dataclass(frozen=True)
class Moment:
    """The moment of which a report speaks: ``at`` for transfers, and for pieces the mark that the stock of each reward got then.
    What was taken or came back under this mark or a later one came after it."""

    at: datetime
    marks: Mapping[str, str] = field(default_factory=dict)

    def had_taken(self, redemption: Redemption) -> bool:
        """Whether the redemption had its pieces by then, whatever came back."""
        mark = self.marks.get(redemption.reward_id, "")
        return redemption.status != QUEUED and (not mark or redemption.taken_in < mark)

    def had_back(self, reward_id: str, returned_in: str) -> bool:
        """Whether pieces that came back under that mark were back by then."""
        mark = self.marks.get(reward_id, "")
        return not mark or returned_in < mark


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
        """Add a transfer of the account's statement. One that stands in several statements is counted in each for that
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
        if hold.state == "pending"
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


# Redemptions and coupons


def add_member_items(
    tally: Tally,
    redemptions: Iterable[Redemption],
    coupons: Iterable[Coupon],
    holds: Iterable[Hold],
    rewards: Mapping[str, Reward],
    flows: Flows,
    moment: Moment,
) -> list[Difference]:
    """Add a member's redemptions and the coupons that came of them, as they stood at the moment; and compare them as they stand,
    redemption by redemption, with the transfers that refer to it, its hold, and its reward."""
    found: list[Difference] = []
    ledger, pieces = dict(flows.by_reference), {coupon.id: coupon for coupon in coupons}
    held = {each.id: each for each in holds}
    for redemption in redemptions:
        wanted = redemption.coupons if redemption.status in (FULFILLED, CANCELLED) else ()
        made = [pieces.pop(each) for each in wanted if each in pieces]
        missing = set(wanted) - {coupon.id for coupon in made}
        found += [Difference("coupon", each, "pieces", 1, 0) for each in sorted(missing)]
        sums = ledger.pop(redemption.id, Counter())
        found += (apart := _add_redemption(tally, redemption, sums, made, flows, moment))
        pairs = [
            ("terms", 0, _apart(redemption, rewards.get(redemption.reward_id), (*FIXED, "partner_id"))),
            *([] if apart else _taken(redemption, sums, flows.spending.get(redemption.id))),
            *_hold(redemption, sums, held.get(redemption.id), flows.asset),
            *_due(redemption),
        ]
        found += [Difference("redemption", redemption.id, *pair) for pair in pairs if pair[1] != pair[2]]
        for coupon in made:
            found += _coupon_differences(coupon, redemption)
    found += [Difference("coupon", each, "redemption", 0, 1) for each in pieces]
    for reference, sums in ledger.items():
        if spent := sums["spent"] - sums["refunded"] or sums["spent"]:
            found.append(Difference("redemption", reference, "points", spent, 0))
        elif sums["ever_held"]:
            found.append(Difference("redemption", reference, "held", sums["held"] or sums["ever_held"], 0))
    return found


def _add_redemption(
    tally: Tally,
    redemption: Redemption,
    ledger: Counter[str],
    coupons: Sequence[Coupon],
    flows: Flows,
    moment: Moment,
) -> list[Difference]:
    """Add a redemption with its coupons to its reward's sums; where it does not agree with what the ledger says of it."""
    sums, status, count = tally.reward(redemption.reward_id), redemption.status, redemption.quantity
    spent = redemption.price_points * (count - sum(map(_gave_back, coupons))) if status == FULFILLED else 0
    held = redemption.price_points * count if status == PROCESSING else 0
    late = flows.late(redemption.id, "spent") - flows.late(redemption.id, "refunded")
    sums["points"] += spent - late
    sums["points_held"] += held - flows.late(redemption.id, "held")
    sums["points_in_ledger"] += ledger["spent"] - ledger["refunded"] - late
    sums["moved"] += ledger["moved"]
    _add_pieces(tally, redemption, coupons, ever_spent=bool(ledger["spent"]), moment=moment)
    pairs = (("points", ledger["spent"] - ledger["refunded"], spent), ("held", ledger["held"], held))
    return [Difference("redemption", redemption.id, *pair) for pair in pairs if pair[1] != pair[2]]


def _add_pieces(
    tally: Tally, redemption: Redemption, coupons: Sequence[Coupon], *, ever_spent: bool, moment: Moment
) -> None:
    """Add where a redemption's pieces and their money were at the moment; and what settlements have claimed of them."""
    sums, status, count = tally.reward(redemption.reward_id), redemption.status, redemption.quantity
    _add_claimed(tally, redemption, coupons)
    if not moment.had_taken(redemption):
        if redemption.queue_shards and redemption.redeemed_at <= moment.at:
            sums[QUEUED] += count
        return
    if redemption.is_over:
        if moment.had_back(redemption.reward_id, redemption.returned_in):
            sums[status] += count
            for coupon in coupons:
                sums[f"coupons_{coupon.status}"] += 1
            return
        status = FULFILLED if ever_spent else PROCESSING
    sums[status] += count
    if not coupons:
        sums["out"] += count
        _add_fen(sums, redemption.fen * count, is_due=bool(redemption.payable_id))
        return
    for coupon in coupons:
        state = _state_then(coupon, moment)
        sums[f"coupons_{state}"] += 1
        if state != EXPIRED:
            sums["out"] += 1
            _add_fen(sums, coupon.fen, is_due=state == USED)


def _state_then(coupon: Coupon, moment: Moment) -> str:
    """What a coupon was at the moment whose redemption stood then."""
    late = coupon.status == EXPIRED and not moment.had_back(coupon.reward_id, coupon.returned_in)
    return ISSUED if late or coupon.status == CANCELLED else coupon.status


def _add_claimed(tally: Tally, redemption: Redemption, coupons: Sequence[Coupon]) -> None:
    claims: list[tuple[str, int]] = [(each.settlement_id, each.fen) for each in coupons]
    if not redemption.coupons:
        claims.append((redemption.settlement_id, redemption.fen * redemption.quantity))
    for settlement_id, fen in claims:
        if settlement_id and fen:
            tally.claimed[f"{settlement_id}|{redemption.reward_id}"] += fen


def _add_fen(sums: Counter[str], fen: int, *, is_due: bool) -> None:
    sums["verified_fen" if is_due else "promised_fen"] += fen


Pairs = list[tuple[str, int, int]]


def _apart(one: Redemption | Coupon, other: Redemption | Reward | None, names: Sequence[str]) -> int:
    """How many of the terms are not the same; all of them when there is no other."""
    return sum(other is None or getattr(one, name) != getattr(other, name) for name in names)


def _taken(redemption: Redemption, ledger: Counter[str], spending: tuple[str, str] | None) -> Pairs:
    """What a redemption ever took is what it cost, whatever came back; in a queue it takes nothing yet."""
    taken = ledger["ever_held"] if redemption.partner_id else ledger["spent"]
    left_queue = redemption.status == CANCELLED and redemption.queue_shards and not taken
    pairs = [("taken", taken, 0 if redemption.status == QUEUED or left_queue else redemption.points)]
    if spending and not redemption.partner_id:
        kind = "donation" if redemption.kind == DONATION else "redemption"
        pairs.append(("transfer", 1, int(spending == (redemption.transfer_id, kind))))
    return pairs


def _hold(redemption: Redemption, ledger: Counter[str], hold: Hold | None, asset: str) -> Pairs:
    """A partner's order has its hold: out of it points come back."""
    if not redemption.partner_id or not ledger["ever_held"]:
        return []
    state = PENDING if redemption.status == PROCESSING else POSTED if ledger["spent"] else ""
    as_it_is = hold is not None and (
        hold.state == state or (not state and hold.state not in (PENDING, POSTED))
    )
    legs = hold.set_aside() if hold and as_it_is and hold.reference == redemption.id else ()
    return [("hold", redemption.points, -sum(leg.amount for leg in legs if leg.asset == asset))]


def _due(redemption: Redemption) -> Pairs:
    """A merchant is owed for what it gave without coupons, but not while that is being given back."""
    if redemption.cancelling and (redemption.is_over or not redemption.partner_id):
        return [("cancelling", 0, 1)]
    gives = bool(redemption.merchant_id) and not redemption.coupons and redemption.status == FULFILLED
    if gives and not redemption.cancelling:
        return [("due", 1, int(bool(redemption.payable_id)))]
    return [] if gives else [("due", 0, int(bool(redemption.payable_id)))]


def _coupon_differences(coupon: Coupon, redemption: Redemption) -> list[Difference]:
    """A coupon has its redemption's terms, is cancelled with it, and owed for once it was used."""
    terms = _apart(coupon, redemption, (*FIXED, "reward_id", "price_points"))
    pairs = (
        ("terms", 0, terms + (coupon.redemption_id != redemption.id)),
        ("cancelled", int(redemption.status == CANCELLED), int(coupon.status == CANCELLED)),
        ("due", int(coupon.status == USED), int(bool(coupon.payable_id))),
    )
    return [Difference("coupon", coupon.id, *pair) for pair in pairs if pair[1] != pair[2]]


def _gave_back(coupon: Coupon) -> bool:
    """Whether the coupon's points went back to the member."""
    return coupon.status == CANCELLED or (coupon.status == EXPIRED and coupon.returns_points)


# Money


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
