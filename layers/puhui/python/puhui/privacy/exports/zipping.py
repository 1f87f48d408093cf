"""A ZIP archive as a stream (PKWARE APPNOTE 6.3, Deflate, UTF-8 names, ZIP64 where it is needed): memory holds a chunk and one line a
file, and an archive that was cut off between two files goes on where it was. Python's zipfile does the former, not the latter.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

_LOCAL, _DESCRIPTOR, _CENTRAL = 0x04034B50, 0x08074B50, 0x02014B50
_END64, _LOCATOR64, _END = 0x06064B50, 0x07064B50, 0x06054B50
_VERSION, _FLAGS, _DEFLATE = 45, 0x0808, 8  # sizes follow the data; names are UTF-8
_DATE_1980 = 0x0021
_U16, _U32 = 0xFFFF, 0xFFFFFFFF


class Entry(NamedTuple):
    """One file of the archive. ``packed``: its size as stored; ``offset``: where it begins."""

    name: str
    crc: int
    size: int
    packed: int
    offset: int
    sha256: str


@dataclass
class Archive:
    """What was written so far: the files, and how many bytes."""

    entries: list[Entry]
    offset: int = 0

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Archive":
        """As ``stored`` wrote it."""
        return cls([Entry(*entry) for entry in stored["entries"]], stored["offset"])

    def stored(self) -> dict[str, Any]:
        """As JSON, to go on later."""
        return {"entries": [list(entry) for entry in self.entries], "offset": self.offset}

    def file(self, name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The bytes of one more file; it is in the archive once all of them were taken."""
        written = name.encode()
        packing, digest = zlib.compressobj(6, zlib.DEFLATED, -15), hashlib.sha256()
        crc = size = packed = 0
        head = struct.pack(
            "<IHHHHHIIIHH", _LOCAL, _VERSION, _FLAGS, _DEFLATE, 0, _DATE_1980, 0, _U32, _U32, len(written), 20
        )
        extra = struct.pack("<HHQQ", 1, 16, 0, 0)  # so that the sizes that follow have eight bytes
        yield head + written + extra
        for chunk in chunks:
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            digest.update(chunk)
            if part := packing.compress(chunk):
                packed += len(part)
                yield part
        part = packing.flush()
        packed += len(part)
        yield part + struct.pack("<IIQQ", _DESCRIPTOR, crc, packed, size)
        self.entries.append(Entry(name, crc, size, packed, self.offset, digest.hexdigest()))
        self.offset += len(head) + len(written) + len(extra) + packed + 24

    def end(self) -> Iterator[bytes]:
        """The directory: the last bytes of the archive."""
        size = 0
        for entry in self.entries:
            line = _central(entry)
            size += len(line)
            yield line
        count, at = len(self.entries), self.offset
        yield struct.pack("<IQHHIIQQQQ", _END64, 44, _VERSION, _VERSION, 0, 0, count, count, size, at)
        yield struct.pack("<IIQI", _LOCATOR64, 0, at + size, 1)
        few = min(count, _U16)
        yield struct.pack("<IHHHHIIH", _END, 0, 0, few, few, min(size, _U32), min(at, _U32), 0)


def _central(entry: Entry) -> bytes:
    name = entry.name.encode()
    extra = struct.pack("<HHQQQ", 1, 24, entry.size, entry.packed, entry.offset)
    head = struct.pack(
        "<IHHHHHHIIIHHHHHII",
        _CENTRAL,
        _VERSION,
        _VERSION,
        _FLAGS,
        _DEFLATE,
        0,
        _DATE_1980,
        entry.crc,
        _U32,
        _U32,
        len(name),
        len(extra),
        0,
        0,
        0,
        0,
        _U32,
    )
    return head + name + extra
