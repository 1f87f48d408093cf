"""A file is cut into chunks of whole lines, compared with what was announced, in memory that does not grow with it."""

import hashlib
import itertools
import random
import tracemalloc
from collections.abc import Iterator

import pytest

from puhui.ingestion.files import lines
from puhui.ingestion.files.lines import CHUNKS_MOST, LINE_BYTES_MAX, Cut, cut
from puhui.ingestion.files.model import CSV, JSON_LINES, Chunk

HEADER = b"puhui-records,1\r\nitem_no,member_ref,programme_id,behaviour,occurred_at,quantity.trips\r\n"


def cut_of(
    content: bytes, rows: int, file_format: str = JSON_LINES, *, block: int = 1000, **told: object
) -> Cut:
    announced = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)} | told
    return cut(blocks(content, block), file_format, rows=rows, **announced)  # type: ignore[arg-type]


def blocks(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def texts(content: bytes, block: int) -> list[bytes | None]:
    return [line.text for line in lines.lines(blocks(content, block))]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 1000])
def test_lines_are_the_same_however_the_bytes_come(block: int):
    content = b"a\r\n\nbc\n" + b"x" * (LINE_BYTES_MAX + 1) + b"\n" + b"y" * LINE_BYTES_MAX + b"\r\nlast"
    assert texts(content, block) == [b"a", b"", b"bc", None, b"y" * LINE_BYTES_MAX, b"last"]
    assert sum(line.size for line in lines.lines(blocks(content, block))) == len(content)


def test_the_end_of_the_last_line_is_no_line():
    assert texts(b"a\nb\n", 10) == texts(b"a\nb", 10) == [b"a", b"b"]
    assert texts(b"a\nb\n\n", 10) == [b"a", b"b", b""]


def rows_of(content: bytes, chunk: Chunk) -> list[bytes | None]:
    return texts(content[chunk.start : chunk.end], 1000)


@pytest.mark.parametrize("file_format", [JSON_LINES, CSV])
@pytest.mark.parametrize("rows", [1, 99, 100, 101, 250, 100 * CHUNKS_MOST + 1])
def test_chunks_hold_each_row_once_in_order(file_format: str, rows: int):
    chance = random.Random(rows)
    written = [b"%d-%s" % (n, b"x" * chance.randrange(9)) for n in range(rows)]
    head = HEADER if file_format == CSV else b""
    content = head + b"\n".join(written) + b"\n"
    found = cut_of(content, rows, file_format, block=100_000)
    assert found.code == ""
    assert [row for chunk in found.chunks for row in rows_of(content, chunk)] == written
    firsts = itertools.accumulate((len(rows_of(content, chunk)) for chunk in found.chunks), initial=1)
    assert [chunk.row for chunk in found.chunks] == list(firsts)[:-1]
    assert [chunk.number for chunk in found.chunks] == list(range(len(found.chunks)))
    assert len(found.chunks) <= CHUNKS_MOST
    assert bool(found.columns) == (file_format == CSV)


def test_long_rows_make_smaller_chunks():
    content = b"".join(b"x" * 8000 + b"\n" for _ in range(1000))
    found = cut_of(content, 1000)
    assert len(found.chunks) == 10  # by rows
    content = b"".join(b"x" * 80_000 + b"\n" for _ in range(100))
    assert all(chunk.end - chunk.start < (1 << 20) + 80_001 for chunk in cut_of(content, 100).chunks)


def test_what_is_not_as_announced_is_refused():
    content = b"a\nb\n"
    assert cut_of(content, 2).code == ""
    assert cut_of(content, 3) == Cut(code=lines.FILE_ROWS_DIFFER, found=2)
    assert cut_of(content, 1) == Cut(code=lines.FILE_ROWS_DIFFER, found=2)
    assert cut_of(content, 2, size=5) == Cut(code=lines.FILE_SIZE_DIFFERS, found=4)
    assert cut_of(content, 2, sha256="0" * 64) == Cut(code=lines.FILE_SHA256_DIFFERS)
    assert cut_of(b"item_no,behaviour\n1,walk\n", 1, CSV) == Cut(code=lines.FILE_HEADER_UNKNOWN)
    assert cut_of(b"one line", 1, CSV) == Cut(code=lines.FILE_HEADER_UNKNOWN)
    assert cut_of(HEADER, 1, CSV) == Cut(code=lines.FILE_ROWS_DIFFER, found=0)


def test_a_header_may_follow_a_byte_order_mark():
    assert cut_of(b"\xef\xbb\xbf" + HEADER + b"1\n", 1, CSV).code == ""


def test_memory_does_not_grow_with_the_rows():
    """Ten times the rows: the same number of chunks, and no more memory."""

    def content(rows: int) -> Iterator[bytes]:
        for start in range(0, rows, 1000):
            yield b"".join(b"%0100d\n" % n for n in range(start, start + 1000))

    def peak(rows: int) -> int:
        digest = hashlib.sha256(b"".join(content(rows))).hexdigest()
        tracemalloc.start()
        found = cut(content(rows), JSON_LINES, sha256=digest, size=rows * 101, rows=rows)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (found.code, len(found.chunks)) == ("", CHUNKS_MOST)
        return most

    assert peak(300_000) < 1.3 * peak(100_000)
