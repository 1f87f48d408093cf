"""A partner's file, from its announcement to its result. Every step may run twice: a chunk has one result, whoever tries it again,
and a record is taken once under its own name."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from puhui.ingestion.files import lines, results, rows
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.errors import PartnerFileNotFound
from puhui.ingestion.files.model import (
    AWAITING,
    CHECKING,
    DONE,
    EXPIRED,
    OPEN,
    PROCESSING,
    REFUSED,
    ROW_REFUSED,
    STOPPED,
    Chunk,
    Manifest,
    PartnerFile,
    Quantified,
    Totals,
    again,
    count,
    poll_seconds,
    sum_up,
)
from puhui.ingestion.files.repository import TOTALS, Files
from puhui.ingestion.files.results import Outcome
from puhui.kernel import ids
from puhui.partners.webhooks import api as webhooks
from puhui.store.session import Session, attempt

FILE_NOT_UPLOADED, FILE_CHUNKS_FAILED = "FILE_NOT_UPLOADED", "FILE_CHUNKS_FAILED"
CUTTING = (CHECKING, PROCESSING)  # may be cut: again, too, since a step may run twice
HERE, WAITING, OVER = "here", "waiting", "over"


class Taken(Protocol):
    """How one record ended; ``ingestion.records`` has it."""

    @property
    def status(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def activity_id(self) -> str: ...


class Take(Protocol):
    """Takes the records of a partner, in order; ``places`` names each for ever: where it is taken from. A record that was taken from
    the same place before has the same answer; one that came from elsewhere before is a duplicate."""

    def __call__(
        self, partner_id: str, items: Sequence[Mapping[str, Any]], places: Sequence[str]
    ) -> Sequence[Taken]: ...


def prepare(manifest: Manifest, *, signed: Mapping[str, str], files: Files, now: datetime) -> PartnerFile:
    """The file that a partner announces; the one that exists when it announced the same before, which starts again when it had
    ended without a result. ``signed``: the headers by which the partner signed it."""
    name = (manifest.sha256, str(manifest.size), str(manifest.rows), manifest.format)
    announced = PartnerFile(
        ids.key_id(manifest.partner_id, "file", *name),
        manifest.partner_id,
        manifest.file,
        manifest.format,
        manifest.sha256,
        manifest.size,
        manifest.rows,
        announced_at=now.replace(microsecond=0),
        signed=signed,
    )
    file = files.add(announced)
    if file.status not in (EXPIRED, STOPPED):
        return file
    return _moved(file.id, (EXPIRED, STOPPED), lambda each: again(each, now.replace(microsecond=0)), files)


def find(partner_id: str, file_id: str, files: Files) -> PartnerFile:
    """A partner's own file. Raises PartnerFileNotFound."""
    file = files.find(file_id)
    if file is None or file.partner_id != partner_id:
        raise PartnerFileNotFound
    return file


def look_for_upload(file_id: str, *, files: Files, bucket: PartnerFiles, now: datetime) -> dict[str, Any]:
    """Whether the upload is here; else when to look again, until the form's hour is over."""
    file = _known(file_id, files)
    if file.status != AWAITING:
        return {"upload": HERE if file.status in OPEN else OVER}
    if bucket.holds(file.upload_key):
        _moved(file.id, (AWAITING,), lambda each: replace(each, status=CHECKING), files)
        return {"upload": HERE}
    if now < file.upload_until():
        return {"upload": WAITING, "seconds": poll_seconds(now - (file.started_at or file.announced_at))}
    _moved(file.id, (AWAITING,), lambda each: _ended(each, EXPIRED, now, code=FILE_NOT_UPLOADED), files)
    return {"upload": OVER}


def cut_file(file_id: str, *, files: Files, bucket: PartnerFiles, now: datetime) -> dict[str, Any]:
    """Compare the upload with what was announced, and cut it: the chunks' places, none when the file is refused."""
    file = _known(file_id, files)
    if file.status not in CUTTING:
        return {"chunks": []}
    with bucket.opened(file.upload_key) as stored:
        if stored is None:
            _moved(file.id, CUTTING, lambda each: _ended(each, EXPIRED, now, code=FILE_NOT_UPLOADED), files)
            return {"chunks": []}
        found = lines.cut(
            lines.blocks(stored.body), file.format, sha256=file.sha256, size=file.size, rows=file.rows
        )
        etag = stored.etag
    if found.code:
        refused = {"code": found.code, "found": found.found}
        _moved(file.id, CUTTING, lambda each: _ended(each, REFUSED, now, **refused), files)
        return {"chunks": []}

    def cut(read: PartnerFile) -> PartnerFile:
        return replace(read, status=PROCESSING, etag=etag, columns=found.columns, chunks=len(found.chunks))

    _moved(file.id, CUTTING, cut, files)
    return {"chunks": [list(chunk) for chunk in found.chunks]}


def take_chunk(file_id: str, chunk: Chunk, *, files: Files, bucket: PartnerFiles, take: Take) -> None:
    """Take the rows of a chunk, and keep how each ended."""
    file = _known(file_id, files)
    if bucket.holds(file.part_key(chunk.number)):
        return
    with bucket.chunk(file, chunk) as stream:
        read = [_read(file, chunk.row + n, line.text) for n, line in enumerate(lines.lines(stream))]
    wanted = [row for row in read if row.item is not None]
    taken = take(
        file.partner_id,
        [row.item for row in wanted if row.item is not None],
        [f"{file.id}/{row.number}" for row in wanted],
    )
    ends = dict(zip((row.number for row in wanted), taken, strict=True))
    outcomes = [_outcome(row, ends.get(row.number)) for row in read]
    spoken_of = [
        Quantified(row.item["behaviour"], row.item["quantity"]) if row.item else None for row in read
    ]
    totals = count(zip((each.status for each in outcomes), spoken_of, strict=True))
    told = json.dumps(TOTALS.item(totals), separators=(",", ":")).encode()
    bucket.put_part(file, chunk.number, told + b"\n" + results.written(outcomes, file.format))


def close_file(file_id: str, *, files: Files, bucket: PartnerFiles, now: datetime) -> PartnerFile:
    """Put the chunks' results together: in the file's order, one line a row, a chunk at a time. Where some are missing the file stops,
    and goes on with those when it is announced again."""
    file = _known(file_id, files)
    if file.status != PROCESSING:
        return file
    parts: list[Totals] = []
    try:
        bucket.put_result(file, _result(file, bucket, parts))
    except _PartMissing:
        missing = sum(not bucket.holds(file.part_key(number)) for number in range(file.chunks))
        return stop_file(file_id, files=files, now=now, found=missing)
    totals = sum_up(parts)
    if not totals.add_up or totals.rows != file.rows:
        raise AssertionError(f"the totals of {file.id} do not add up")
    return _moved(file.id, (PROCESSING,), lambda each: _ended(each, DONE, now, totals=totals), files)


def stop_file(file_id: str, *, files: Files, now: datetime, found: int | None = None) -> PartnerFile:
    """Say with the file that it stopped."""

    stopped = {"code": FILE_CHUNKS_FAILED, "found": found}
    return _moved(file_id, OPEN, lambda each: _ended(each, STOPPED, now, **stopped), files)


class _Row(NamedTuple):
    number: int
    item: dict[str, Any] | None
    item_no: str = ""
    code: str = ""


class _PartMissing(Exception):
    """A chunk has no result."""


def _read(file: PartnerFile, number: int, text: bytes | None) -> _Row:
    try:
        item = rows.read(text, file.columns, first=number == 1)
    except rows.RowUnusable as unusable:
        return _Row(number, None, unusable.item_no, unusable.code)
    return _Row(number, item, item["item_no"])


def _outcome(row: _Row, taken: Taken | None) -> Outcome:
    if taken is None:
        return Outcome(row.number, row.item_no, ROW_REFUSED, row.code)
    return Outcome(row.number, row.item_no, taken.status, taken.code, taken.activity_id)


def _result(file: PartnerFile, bucket: PartnerFiles, parts: list[Totals]) -> Iterator[bytes]:
    """The result file, chunk by chunk; ``parts`` gets their totals."""
    yield results.header(file.format)
    for number in range(file.chunks):
        part = bucket.part(file, number)
        if part is None:
            raise _PartMissing
        told, _, content = part.partition(b"\n")
        parts.append(TOTALS.read(json.loads(told)))
        yield content


def _ended(file: PartnerFile, status: str, now: datetime, **more: Any) -> PartnerFile:
    return replace(file, status=status, ended_at=now.replace(microsecond=0), **more)


def _known(file_id: str, files: Files) -> PartnerFile:
    file = files.find(file_id)
    if file is None:
        raise PartnerFileNotFound
    return file


def _moved(
    file_id: str, among: Collection[str], move: Callable[[PartnerFile], PartnerFile], files: Files
) -> PartnerFile:
    """The file after the move; as it is when its state is not ``among`` those that the move is from."""

    def build(session: Session) -> PartnerFile:
        read = _known(file_id, files)
        if read.status not in among:
            return read
        after = move(read)
        files.put(session, read, after)
        if after.ended_at:
            told = {"file_id": after.id, "status": after.status, "code": after.code}
            event = webhooks.new_event(after.partner_id, webhooks.FILE_DONE, told, after.ended_at)
            files.webhooks.add(session, event)
        return after

    return attempt(files.dynamodb, build)
