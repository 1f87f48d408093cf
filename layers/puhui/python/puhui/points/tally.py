"""The sums of one shard, and the differences that were found. Pure, and the same whatever order it is added in.

Every figure is worked out twice: from the ledger's transfers (``flows.py``, ``money.py``), and from what is kept apart from them:
balances and holds, redemptions and coupons (``pieces.py``). Where the two are not the same a ``Difference`` names whose it is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from puhui.rewards.api import QUEUED, Redemption

DIFFERENCES_MAX = 100  # named for each shard, and in a report ten times as many; all are counted
Document = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """``about`` (account, redemption, coupon, reward, settlement, programme) ``id``: its ``field`` is ``expected`` by the ledger,
    ``found`` by what is kept apart from it."""

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
