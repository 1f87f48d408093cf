"""What the yearly report of minors' data counts, kept with each write that concerns a minor: no request ever adds members up.

Two kinds of counters, in SHARDS items each: how many members there are of each birth year from which somebody may still be a minor, and
what was done in a year.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from puhui.kernel import clock
from puhui.store.client import DynamoDB
from puhui.store.session import Session

if TYPE_CHECKING:
    from puhui.members.model import Consent, Member

SHARDS = 8
DECLARED, GUARDED = "declared", "guarded"
GUARDIANS_ADDED, GUARDIANS_ENDED, EXPORTS, ERASURES = (
    "guardians_added",
    "guardians_ended",
    "exports",
    "erasures",
)
GRANTED, WITHDRAWN = "granted ", "withdrawn "  # and the purpose
PARTNERS = "partner"  # all partners' purposes together


class MinorCounters:
    """Counters in the members' table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def move(self, session: Session, member_id: str, counts: Mapping[tuple[int | None, str], int]) -> None:
        """Count members in and out of a birth year, by (year, DECLARED or GUARDED); nobody is counted without a year."""
        by_year: dict[int, Counter[str]] = {}
        for (year, name), amount in counts.items():
            if year is not None:
                by_year.setdefault(year, Counter())[name] += amount
        for year, amounts in by_year.items():
            changed = {name: amount for name, amount in amounts.items() if amount}
            self._add(session, "minors", f"B#{year}#{_shard(member_id)}", changed)

    def count(self, session: Session, member_id: str, now: datetime, counts: Mapping[str, int]) -> None:
        """Count what was done with a minor's data this year."""
        year = clock.programme_day(now).year
        self._add(session, f"minors:{year}", f"S#{_shard(member_id)}", counts)

    def count_consents(
        self, session: Session, member: "Member", said: "list[Consent]", now: datetime, **more: int
    ) -> None:
        """Count the answers that are given of a minor, and what else was done."""
        counts = Counter(more)
        if member.group(now):
            counts.update((GRANTED if each.granted else WITHDRAWN) + _kind(each.purpose) for each in said)
        self.count(session, member.id, now, counts)

    def by_birth_year(self) -> dict[int, Counter[str]]:
        """How many members of each birth year there are (DECLARED), and have a guardian (GUARDED)."""
        years: dict[int, Counter[str]] = {}
        for item in self._items("minors", "B#"):
            counts = years.setdefault(int(item["entry"].split("#")[1]), Counter())
            counts.update({name: item.get(name, 0) for name in (DECLARED, GUARDED)})
        return years

    def of_year(self, year: int) -> Counter[str]:
        """What was done in the year."""
        counts: Counter[str] = Counter()
        for item in self._items(f"minors:{year}", "S#"):
            counts.update({name: amount for name, amount in item.items() if type(amount) is int})
        return counts

    def _items(self, owner: str, prefix: str) -> Iterator[dict[str, Any]]:
        return iter(self.dynamodb.all_entries(self.table, ("owner", owner), prefix))

    def _add(self, session: Session, owner: str, entry: str, counts: Mapping[str, int]) -> None:
        if not counts:
            return
        names = {f"#c{n}": name for n, name in enumerate(counts)}
        values = {f":c{n}": amount for n, amount in enumerate(counts.values())}
        adds = ", ".join(f"#c{n} :c{n}" for n in range(len(counts)))
        session.update(self.table, {"owner": owner, "entry": entry}, f"ADD {adds}", values, names=names)


def _kind(purpose: str) -> str:
    return PARTNERS if purpose.startswith("partner:") else purpose


def _shard(member_id: str) -> int:
    return zlib.crc32(member_id.encode()) % SHARDS
