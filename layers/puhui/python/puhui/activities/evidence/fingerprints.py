"""Photos by their fingerprints, in the activities' table: which file came first, and whether a picture was there before.

| item          | owner (hash)      | entry (range)                  | holds |
|---------------|-------------------|--------------------------------|-------|
| photo         | sha256:<hex>      | photo                          | which evidence brought this file first; printed: the moments of its prints |
| print         | photos:<yyyy-mm>  | <moment>#<evidence id>         | ``prints``, 16 hex digits each; ends |

A picture is looked for among the prints of half a year, longer than the pictures themselves are kept: all of them, in memory, so that
none within the distance is missed. A process reads them once and from then on what has come since.
"""

import os
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import Enum

from puhui.activities.evidence.clusters import Clusters, name_of
from puhui.activities.evidence.model import Picture
from puhui.activities.evidence.perceptual_hash import ALIKE_BITS, HASH_BITS, NEAR_BITS, distance
from puhui.kernel import clock
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.values import Item

REMEMBERED = timedelta(days=180)
LATE = timedelta(
    minutes=5
)  # a print is written at most so long after the moment in its key: a step's time, and clocks that differ
PRINTS_MAX = (
    2_000_000  # of a million photos: 32 MB, and two seconds to look through; beyond, the newest count
)


class Match(Enum):
    """How near the nearest earlier picture is."""

    NONE = ""
    ALIKE = "PHOTO_ALIKE"
    SIMILAR = "PHOTO_SIMILAR"


class Fingerprints:
    """The photos of one table. One object a process: it remembers what it has read."""

    def __init__(self, dynamodb: DynamoDB, table: str, prints_max: int = PRINTS_MAX) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self._clusters = Clusters(dynamodb, table)
        self._prints_max = prints_max
        self._settled = _Prints()
        self._recent: dict[str, Item] = {}
        self._read_until: datetime | None = None

    @classmethod
    def from_environment(cls) -> "Fingerprints":
        """The table that the environment variable ACTIVITIES_TABLE names."""
        return cls(DynamoDB(), os.environ["ACTIVITIES_TABLE"])

    def claim(self, sha256: str, evidence_id: str, now: datetime) -> bool:
        """Whether this evidence is the first to bring the file; its prints may be written ``now``. Asking again gives the same answer."""
        try:
            self.dynamodb.update(
                self.table,
                {"owner": f"sha256:{sha256}", "entry": "photo"},
                "SET evidence_id = :e ADD printed :at",
                {":e": evidence_id, ":at": {_moment(now)}},
                condition="attribute_not_exists(evidence_id) OR evidence_id = :e",
            )
        except ConditionFailed:
            return False
        return True

    def forget(self, sha256: str, evidence_id: str) -> None:
        """Remove the prints of an evidence and, last, its claim on the file: where that is somebody else's, nothing."""
        key = {"owner": f"sha256:{sha256}", "entry": "photo"}
        claimed = self.dynamodb.get(self.table, key)
        if claimed is None or claimed["evidence_id"] != evidence_id:
            return
        prints = [
            {"owner": f"photos:{moment[:7]}", "entry": f"{moment}#{evidence_id}"}
            for moment in sorted(claimed.get("printed", ()))
        ]
        self.dynamodb.delete_all(self.table, [*prints, key])

    def match(self, picture: Picture, evidence_id: str, now: datetime) -> Match:
        """Remember a picture, and say how near another's is: one write unit, then a query of what is new. Of two that come at one
        moment each finds the other, since each is written before it is looked for."""
        if not picture.prints:
            return Match.NONE
        self.dynamodb.update(
            self.table,
            {"owner": f"photos:{_moment(now)[:7]}", "entry": f"{_moment(now)}#{evidence_id}"},
            "SET prints = :prints, ends = :ends",
            {
                ":prints": [f"{mark:016x}" for mark in picture.prints],
                ":ends": int((now + REMEMBERED).timestamp()),
            },
        )
        self._read(now)
        match, near = self._nearest(picture, evidence_id)
        if near:
            self._clusters.join(evidence_id, near, now)
        return match

    def _nearest(self, picture: Picture, evidence_id: str) -> tuple[Match, frozenset[int]]:
        """How near the nearest is; and the names of those that are nearly the same."""
        own, found = name_of(evidence_id), Match.NONE
        recent = _Prints()
        for item in self._recent.values():
            recent.add(item)
        for known in (self._settled, recent):
            near = frozenset(
                name for wanted in picture.wanted for name in known.names_near(wanted, NEAR_BITS, own)
            )
            if near:
                return Match.SIMILAR, near
            if known.names_near(picture.prints[0], ALIKE_BITS, own):
                found = Match.ALIKE
        return found, frozenset()

    def _read(self, now: datetime) -> None:
        since = self._read_until
        if since is None:
            for item in self._newest(now):
                self._recent[item["entry"]] = item
                if len(self._recent) % 10_000 == 0:
                    self._settle(now)
                if len(self._settled.prints) >= self._prints_max:
                    break
        else:
            for item in self._between(since - LATE, now):
                self._recent[item["entry"]] = item
        self._read_until = now
        self._settle(now)

    def _settle(self, now: datetime) -> None:
        """Pack what is older than anything that may still come."""
        border = _moment(now - 2 * LATE)
        for entry in [entry for entry in self._recent if entry < border]:
            self._settled.add(self._recent.pop(entry))

    def _newest(self, now: datetime) -> Iterator[Item]:
        """The prints that are remembered, the newest first."""
        oldest = _moment(now - REMEMBERED)
        for month in reversed(_months(now - REMEMBERED, now + LATE)):
            yield from self._pages(month, oldest, forward=False)

    def _between(self, since: datetime, now: datetime) -> Iterator[Item]:
        for month in _months(since, now + LATE):
            yield from self._pages(month, _moment(since), forward=True)

    def _pages(self, month: str, since: str, *, forward: bool) -> Iterator[Item]:
        start: Item | None = None
        while True:
            items, start = self.dynamodb.query(
                self.table,
                "#owner = :o AND entry >= :since",
                {":o": f"photos:{month}", ":since": since},
                names={"#owner": "owner"},
                start=start,
                forward=forward,
            )
            yield from items
            if start is None:
                return


class _Prints:
    """Prints side by side with a short name of the evidence that each is of."""

    def __init__(self) -> None:
        self.prints = array("Q")
        self.names = array("Q")

    def add(self, item: Item) -> None:
        """The prints of one picture."""
        name = name_of(item["entry"].partition("#")[2])
        for mark in item["prints"]:
            self.prints.append(int(mark, 16))
            self.names.append(name)

    def names_near(self, wanted: int, bits: int, own: int) -> set[int]:
        """The names of the other pictures of which a print is within so many bits."""
        most = HASH_BITS - bits
        if not [
            mark for mark in self.prints if not bits < (wanted ^ mark).bit_count() < most
        ]:  # the quick way
            return set()
        found = zip(self.prints, self.names, strict=True)
        return {name for mark, name in found if name != own and distance(wanted, mark) <= bits}


def _moment(at: datetime) -> str:
    return clock.to_text(at)


def _months(first: datetime, last: datetime) -> list[str]:
    """The months, in order, of the moments between two."""
    year, month = first.astimezone(clock.CHINA).year, first.astimezone(clock.CHINA).month
    end, found = _moment(last)[:7], []
    while (text := f"{year:04}-{month:02}") <= end:
        found.append(text)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return found
