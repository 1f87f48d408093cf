"""A partner's file: what was announced, how far it is, and its control totals. Pure values.

| state            | who moves it on                                | to                  | what follows |
|------------------|------------------------------------------------|---------------------|--------------|
| (new)            | the partner, ``prepare_partner_file``          | awaiting_upload     | the machine ``${Prefix}-partner-file`` looks for the upload |
| awaiting_upload  | the machine, ``await_partner_file``            | checking; expired when the form's hour is over | |
| checking         | the machine, ``cut_partner_file``              | processing; refused when the bytes are not what was announced | |
| processing       | the machine, ``close_partner_file``            | done                | totals and the result file |
| any of the three | the machine, when a step goes on failing       | stopped             | the same announcement, sent again, goes on where it stopped |
| expired          | the partner, by the same announcement          | awaiting_upload     | a new form |
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

AWAITING, CHECKING, PROCESSING = "awaiting_upload", "checking", "processing"
DONE, REFUSED, EXPIRED, STOPPED = "done", "refused", "expired", "stopped"
OPEN = (AWAITING, CHECKING, PROCESSING)
JSON_LINES, CSV = "jsonl", "csv"
CONTENT_TYPES = {JSON_LINES: "application/jsonl", CSV: "text/csv"}

UPLOAD_SECONDS, RESULT_SECONDS = 3600, 3600
UPLOAD_GRACE = timedelta(minutes=5)  # an upload that began while the form was good
POLL_SECONDS_LEAST, POLL_SECONDS_MOST = 2, 60

# How a row ended; the five of the batch's answer.
CREDITED, PENDING, DUPLICATE, ROW_REFUSED, UNBOUND = "credited", "pending", "duplicate", "refused", "unbound"
_COUNTED_AS = {
    CREDITED: "credited",
    ROW_REFUSED: "refused",
    DUPLICATE: "duplicate",
    PENDING: "waiting",
    UNBOUND: "waiting",
}
BEHAVIOURS_MAX = 100  # with sums of their own; what comes after them is summed up as OTHER
OTHER = "other"
_ROWS = "rows"


@dataclass(frozen=True)
class Manifest:
    """What a partner announces, in a request that it signed: the bytes, how many rows they hold, how these are written."""

    partner_id: str
    file: str
    format: str
    sha256: str
    size: int
    rows: int


@dataclass(frozen=True)
class Sums:
    """One behaviour: ``rows`` by how they ended, and the quantities of all of them."""

    rows: Mapping[str, int] = field(default_factory=dict)
    quantity: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Totals:
    """Control totals: rows = credited + refused + duplicate + waiting."""

    rows: int = 0
    credited: int = 0
    refused: int = 0
    duplicate: int = 0
    waiting: int = 0
    behaviours: Mapping[str, Sums] = field(default_factory=dict)

    @property
    def add_up(self) -> bool:
        """Whether every row ended in one way."""
        return self.rows == self.credited + self.refused + self.duplicate + self.waiting


@dataclass(frozen=True)
class PartnerFile:
    """``signed``: the signature of the request that announced it, so that the partner answers for the manifest. ``run`` counts how
    often it was begun; ``columns``: of a CSV; ``chunks``: into how many it was cut; ``etag``: the version of the upload that was
    checked."""

    id: str
    partner_id: str
    file: str
    format: str
    sha256: str
    size: int
    rows: int
    announced_at: datetime
    status: str = AWAITING
    signed: Mapping[str, str] = field(default_factory=dict)
    run: int = 1
    started_at: datetime | None = None  # of the present run
    etag: str = ""
    columns: tuple[str, ...] = ()
    chunks: int = 0
    code: str = ""
    found: int | None = None  # rows or bytes that were found where others were announced
    ended_at: datetime | None = None
    totals: Totals | None = None

    @property
    def upload_key(self) -> str:
        """Where the partner uploads it."""
        return f"uploads/{self.partner_id}/{self.id}"

    @property
    def result_key(self) -> str:
        """Where its result lies once it is done."""
        return f"results/{self.partner_id}/{self.id}.{self.format}"

    def part_key(self, chunk: int) -> str:
        """Where the result of one chunk lies."""
        return f"parts/{self.id}/{chunk:05}"

    @property
    def execution(self) -> str:
        """The name of the present run's execution."""
        return f"{self.id}-{self.run}"

    def upload_until(self) -> datetime:
        """Until when an upload is waited for."""
        return (self.started_at or self.announced_at) + timedelta(seconds=UPLOAD_SECONDS) + UPLOAD_GRACE


class Chunk(NamedTuple):
    """So many rows of a file: its bytes from ``start`` to before ``end``; ``row`` is the number of its first, from 1."""

    number: int
    start: int
    end: int
    row: int


class Quantified(NamedTuple):
    """What a row that could be read speaks of; its integers are summed up."""

    behaviour: str
    quantity: Mapping[str, int | str]


def again(file: PartnerFile, now: datetime) -> PartnerFile:
    """The file, announced again: one that ended without a result starts once more, any other is as it is."""
    if file.status not in (EXPIRED, STOPPED):
        return file
    return replace(file, status=AWAITING, run=file.run + 1, started_at=now, code="", ended_at=None)


def poll_seconds(waited: timedelta) -> int:
    """When to look for the upload again: ever more seldom."""
    return max(POLL_SECONDS_LEAST, min(POLL_SECONDS_MOST, int(waited.total_seconds()) // 4))


def count(rows: Iterable[tuple[str, Quantified | None]]) -> Totals:
    """The totals of rows: how each ended, and what it speaks of (None: it could not be read)."""
    counts = dict.fromkeys(("credited", "refused", "duplicate", "waiting"), 0)
    sums: dict[str, Sums] = {}
    for status, spoken_of in rows:
        counts[_COUNTED_AS[status]] += 1
        if spoken_of:
            numbers = {name: value for name, value in spoken_of.quantity.items() if isinstance(value, int)}
            _add(sums, spoken_of.behaviour, Sums({_COUNTED_AS[status]: 1}, numbers))
    return Totals(sum(counts.values()), **counts, behaviours=sums)


def sum_up(parts: Iterable[Totals]) -> Totals:
    """The totals of all parts together."""
    counts = dict.fromkeys((_ROWS, "credited", "refused", "duplicate", "waiting"), 0)
    sums: dict[str, Sums] = {}
    for part in parts:
        for name in counts:
            counts[name] += getattr(part, name)
        for behaviour, each in sorted(part.behaviours.items()):
            _add(sums, behaviour, each)
    return Totals(**counts, behaviours=sums)


def _add(sums: dict[str, Sums], behaviour: str, more: Sums) -> None:
    if behaviour not in sums and len(sums) >= BEHAVIOURS_MAX:
        behaviour = OTHER
        more = Sums(more.rows)  # quantities of different things are no sum
    before = sums.get(behaviour, Sums())
    sums[behaviour] = Sums(_plus(before.rows, more.rows), _plus(before.quantity, more.quantity))


def _plus(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(set(other) - set(one)))}
