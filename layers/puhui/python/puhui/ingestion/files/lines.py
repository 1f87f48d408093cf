"""A file's lines, from a stream of any length in constant memory, and how a file is cut into chunks of whole lines."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from puhui.ingestion.files.model import CSV, Chunk
from puhui.ingestion.files.rows import header_columns

BLOCK_BYTES = 256 * 1024
LINE_BYTES_MAX = 8 * 1024
CHUNK_ROWS_LEAST, CHUNK_BYTES = 100, 1 << 20
CHUNKS_MOST = 1_000  # by rows; all of them fit into the input of a distributed map
BOM = b"\xef\xbb\xbf"
FILE_SHA256_DIFFERS, FILE_SIZE_DIFFERS = "FILE_SHA256_DIFFERS", "FILE_SIZE_DIFFERS"
FILE_ROWS_DIFFER, FILE_HEADER_UNKNOWN = "FILE_ROWS_DIFFER", "FILE_HEADER_UNKNOWN"
_HEADERS = {CSV: 2}  # lines before the first row: the format's name and version, the columns


class Line(NamedTuple):
    """One line without its end (None: longer than may be), and how many bytes it takes in the file."""

    text: bytes | None
    size: int


@dataclass(frozen=True)
class Cut:
    """What was found in a file: ``code`` says why it is refused ("": it is what was announced), ``found`` what there is instead."""

    chunks: tuple[Chunk, ...] = ()
    columns: tuple[str, ...] = ()
    code: str = ""
    found: int | None = None


def blocks(body: Any) -> Iterator[bytes]:
    """The stream in blocks."""
    while block := body.read(BLOCK_BYTES):
        yield block


def lines(stream: Iterable[bytes]) -> Iterator[Line]:
    """The lines of a stream; they end with LF or CRLF, the last one with the file, too. Never more than a block and a line
    are held."""
    held, dropped = b"", 0  # of the present line: what is kept, and how many bytes of it were not
    for block in stream:
        *whole, rest = block.split(b"\n")
        for text in whole:
            yield _line(held + text, dropped, 1)
            held, dropped = b"", 0
        held += rest
        if len(held) > LINE_BYTES_MAX + 2:
            held, dropped = held[: LINE_BYTES_MAX + 2], dropped + len(held) - LINE_BYTES_MAX - 2
    if held:
        yield _line(held, dropped, 0)


def _line(text: bytes, dropped: int, end: int) -> Line:
    size = len(text) + dropped + end
    text = text.removesuffix(b"\r")
    return Line(None if dropped or len(text) > LINE_BYTES_MAX else text, size)


def cut(stream: Iterable[bytes], file_format: str, *, sha256: str, size: int, rows: int) -> Cut:
    """The chunks of a file that is what was announced, in one pass and in memory that its chunks take only."""
    digest = _Digest(stream)
    chunks: list[Chunk] = []
    header: list[Line] = []
    count = start = at = first = 0
    chunk_rows = max(CHUNK_ROWS_LEAST, -(-rows // CHUNKS_MOST))
    for number, line in enumerate(lines(digest)):
        if number < _HEADERS.get(file_format, 0):
            header.append(line)
            at += line.size
            start = at
            continue
        if count <= rows and (count - first >= chunk_rows or at - start >= CHUNK_BYTES):
            chunks.append(Chunk(len(chunks), start, at, first + 1))
            start, first = at, count
        count += 1
        at += line.size
    if count > first:
        chunks.append(Chunk(len(chunks), start, at, first + 1))
    if at != size:
        return Cut(code=FILE_SIZE_DIFFERS, found=at)
    if digest.hexdigest() != sha256:
        return Cut(code=FILE_SHA256_DIFFERS)
    columns: tuple[str, ...] = ()
    if file_format == CSV:
        texts = [line.text for line in header if line.text is not None]
        columns = header_columns(texts[0].removeprefix(BOM), texts[1]) if len(texts) == len(_TWO) else ()
        if not columns:
            return Cut(code=FILE_HEADER_UNKNOWN)
    if count != rows:
        return Cut(code=FILE_ROWS_DIFFER, found=count)
    return Cut(tuple(chunks), columns)


_TWO = range(_HEADERS[CSV])


class _Digest:
    """The stream, hashed while it is read."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream, self._hash = stream, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for block in self._stream:
            self._hash.update(block)
            yield block

    def hexdigest(self) -> str:
        """Of everything that was read."""
        return self._hash.hexdigest()
