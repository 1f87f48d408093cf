"""The audit of the journal against the ledger: every transfer has one entry, every entry opens to what the ledger says.

It walks the log once, in constant memory, then the ledger's transfers once, and names whatever does not agree: a changed
or missing item, tile, checkpoint or head.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag

from puhui.journal import publication, sources
from puhui.journal.dynamo import Journal
from puhui.journal.errors import JournalCorrupt
from puhui.journal.model import PUBLIC_TYPES, RETIREMENT, TRANSFER, Payload, Place
from puhui.journal.sequencer import fetcher, read_edge, staged_from
from puhui.journal.usecases import Reader, keys_of, opened
from puhui.ledger.api import Transfer
from puhui.tlog import checkpoints, entries, tiles
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.entries import Entry
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import check_consistency
from puhui.tlog.notes import from_b64
from puhui.tlog.receipts import opened as opened_checkpoint
from puhui.tlog.tiles import Tree, replay

GRACE = timedelta(minutes=10)  # a transfer that young may still be on its way into the log
PAGE = 100
FINDINGS_MAX = 1000

Lookup = Callable[[Sequence[tuple[str, str]]], list[Transfer | None]]
Some = TypeVar("Some")


@dataclass(frozen=True)
class Finding:
    """Something that does not agree. ``kind``: head, checkpoint, tile, entry, payload, transfer, missing entry."""

    kind: str
    what: str
    detail: str


@dataclass
class Report:
    """What an audit found."""

    entries: int = 0
    opened: int = 0
    erased: int = 0
    transfers: int = 0
    on_their_way: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether everything agrees."""
        return not self.findings

    def find(self, kind: str, what: str, detail: str) -> None:
        """Add a finding, up to a number that a person can read."""
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(kind, what, detail))


def audit(
    reader: Reader, transfers: Iterable[tuple[str, Transfer]], transfers_at: Lookup, now: datetime
) -> Report:
    """Audit the log and the ledger against each other.

    ``transfers``: every (account, transfer) of the ledger; ``transfers_at`` reads up to 100 of them.
    """
    report = Report()
    signed = _signed(reader, report)
    _check_published(reader, signed, report)
    if signed:
        _check_head(reader, signed, report)
        _walk_log(reader, signed, transfers_at, report)
    _walk_ledger(reader.journal, transfers, now, report)
    return report


def _signed(reader: Reader, report: Report) -> Checkpoint | None:
    """The checkpoint that the log signed last."""
    _, size, note = reader.journal.head()
    if not note:
        return None
    try:
        checkpoint, _ = checkpoints.opened(note.encode(), *reader.policy.logs)
    except (Malformed, NotProved) as error:
        report.find("checkpoint", "signed", str(error))
        return None
    if checkpoint.size != size:
        report.find("checkpoint", "signed", f"is filed under {size}, but is of {checkpoint.size}")
    return checkpoint


def _check_published(reader: Reader, signed: Checkpoint | None, report: Report) -> None:
    found = reader.objects.get(publication.CHECKPOINT)
    if found is None:
        return
    try:
        published = opened_checkpoint(found.body, reader.policy).checkpoint
        if signed is None or published.size > signed.size:
            report.find(
                "checkpoint", "published", f"{published.size} entries are published, fewer were signed"
            )
            return
        proof = reader.tree(signed.size).consistency_proof(published.size)
        check_consistency(published.size, published.root, signed.size, signed.root, proof)
        archived = reader.objects.get(f"checkpoints/{published.size}")
        if archived is None or opened_checkpoint(archived.body, reader.policy).checkpoint != published:
            report.find("checkpoint", f"checkpoints/{published.size}", "the archive has another one, or none")
    except (Malformed, NotProved) as error:
        report.find("checkpoint", "published", str(error))


def _check_head(reader: Reader, signed: Checkpoint, report: Report) -> None:
    head, _, _ = reader.journal.head()
    if head.size < signed.size:
        report.find("head", reader.journal.origin, f"has {head.size} entries, {signed.size} were signed")
    elif head.size == signed.size and head.root != signed.root:
        report.find("head", reader.journal.origin, "has another root than the signed checkpoint")
    elif head.size > signed.size:
        # A batch that is just being written, if its staging leads to the head; nothing else may move the head.
        found = reader.objects.get(head.staging)
        if found is None or not _leads_to(found.body, head.size, head.root, reader):
            report.find("head", reader.journal.origin, f"{head.staging} does not lead to it")


def _leads_to(staging: bytes, size: int, root: bytes, reader: Reader) -> bool:
    try:
        staged = staged_from(staging)
        edge = tiles.append(read_edge(staged.size, reader.objects), staged.leaves).edge
    except JournalCorrupt:
        return False
    return (edge.size, edge.root) == (size, root)


# The log, entry by entry


def _walk_log(reader: Reader, signed: Checkpoint, transfers_at: Lookup, report: Report) -> None:
    tree = Tree(fetcher(reader.objects), signed.size)
    try:
        for first, leaves in replay(tree, signed.root):
            for part in _parts(list(enumerate(leaves, first))):
                _check_entries(part, reader.journal, transfers_at, report)
    except (Malformed, NotProved) as error:
        report.find("tile", reader.journal.origin, str(error))


def _check_entries(
    leaves: list[tuple[int, bytes]], journal: Journal, transfers_at: Lookup, report: Report
) -> None:
    read = []
    for index, leaf in leaves:
        report.entries += 1
        try:
            read.append((index, entries.parse(leaf)))
        except Malformed as error:
            report.find("entry", str(index), str(error))
    places = journal.places([entry.id for _, entry in read])
    placed = [(entry, place) for index, entry in read if (place := _placed(index, entry, places, report))]
    payloads = journal.payloads([(place.stream, entry.id) for entry, place in placed])
    names = [place.stream for _, place in placed]
    keys = {name: stream.key for name, stream in journal.streams(list(dict.fromkeys(names))).items()}
    keys |= keys_of(payloads, journal)
    contents = []
    for (entry, place), payload in zip(placed, payloads, strict=True):
        if content := _content(entry, place, payload, keys, report):
            contents.append(content)
    _check_transfers(
        [each for each in contents if each["type"] in (TRANSFER, RETIREMENT)], transfers_at, report
    )


def _placed(index: int, entry: Entry, places: dict[str, Place], report: Report) -> Place | None:
    place = places.get(entry.id)
    if place is None:
        report.find("entry", entry.id, f"is at {index}, but has no place in the table")
    elif place.index != index:
        report.find("entry", entry.id, f"is at {index} and, says the table, at {place.index}")
        return None
    return place


def _content(
    entry: Entry, place: Place, payload: Payload | None, keys: dict[str, bytes | None], report: Report
) -> dict[str, Any] | None:
    """The event that the entry opens to; None when it cannot be opened, with a finding unless it was erased."""
    names = payload.streams if payload and payload.streams else (place.stream,)
    if entry.type not in PUBLIC_TYPES and any(name in keys and keys[name] is None for name in names):
        report.erased += 1
        return None
    if payload is None:
        report.find("payload", entry.id, "is missing, though nobody erased it")
        return None
    try:
        opening = opened(payload, keys)
        if opening is None:
            report.find("payload", entry.id, "its key is missing, though nobody erased it")
            return None
        entries.check_opening(entry, from_b64(opening["salt"]), opening["event"])
    except (Malformed, NotProved, InvalidTag, ValueError) as error:
        report.find("payload", entry.id, str(error) or "was changed: its seal is broken")
        return None
    report.opened += 1
    content: dict[str, Any] = opening["event"]
    return content


def _check_transfers(contents: list[dict[str, Any]], transfers_at: Lookup, report: Report) -> None:
    if not contents:
        return
    found = transfers_at([(content["account"], content["id"]) for content in contents])
    for content, transfer in zip(contents, found, strict=True):
        if transfer is None:
            report.find("transfer", content["id"], "has an entry, but is missing in the ledger")
        elif sources.of_transfer(transfer).content != content:
            report.find("transfer", content["id"], "is not in the ledger what its entry commits to")


# The ledger, transfer by transfer


def _walk_ledger(
    journal: Journal, transfers: Iterable[tuple[str, Transfer]], now: datetime, report: Report
) -> None:
    own = (transfer for account, transfer in transfers if transfer.owners[0] == account)
    while part := list(islice(own, PAGE)):
        report.transfers += len(part)
        indices = journal.indices([transfer.id for transfer in part])
        for transfer in part:
            if transfer.id in indices:
                continue
            if now - transfer.at < GRACE:
                report.on_their_way += 1
            else:
                report.find("missing entry", transfer.id, "is in the ledger, but has no entry")


def _parts(whole: list[Some]) -> Iterator[list[Some]]:
    for first in range(0, len(whole), PAGE):
        yield whole[first : first + PAGE]
