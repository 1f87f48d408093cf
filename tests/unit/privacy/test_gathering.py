"""An export is put together by runs that are cut off, die and are repeated: always the same files, each once."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.privacy.exports import gathering
from puhui.privacy.exports.contents import File, Section
from puhui.privacy.exports.gathering import gather
from puhui.privacy.exports.model import GATHERING, Export

NOW = datetime(2026, 12, 1, tzinfo=UTC)
EXPORT = Export("01KAGZ3V9Q8M4T2X7C5R6N1P0D", "01KAGZ3V9Q8M4T2X7C5R6N1P0E", GATHERING, NOW)


class Died(BaseException):
    """The process ended."""


@dataclass
class Shelf:
    """A bucket in memory that dies after its ``dies``-th write."""

    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    finished: bytes | None = None
    uploads: int = 0
    dies: int = -1

    def _wrote(self) -> None:
        self.dies -= 1
        if self.dies == 0:
            raise Died

    def begin(self, _key: str) -> str:
        self.uploads += 1
        return f"upload-{self.uploads}"

    def put_part(self, _key: str, upload: str, number: int, part: bytes) -> str:
        self.parts[upload, number] = part
        self._wrote()
        return hashlib.sha256(part).hexdigest()

    def complete(self, _key: str, upload: str, tags: list[str]) -> None:
        found = [self.parts[upload, number] for number in range(1, len(tags) + 1)]
        assert [hashlib.sha256(each).hexdigest() for each in found] == tags
        self.finished = b"".join(found)
        self._wrote()

    def put_progress(self, key: str, progress: dict[str, Any]) -> None:
        self.said[key] = json.dumps(progress)
        self._wrote()

    def progress(self, key: str) -> dict[str, Any] | None:
        return json.loads(self.said[key]) if key in self.said else None


def many(count: int) -> Section:
    def section(after: str | None) -> Iterator[File]:
        for number in range(count):
            cursor = f"{number:05}"
            if after is None or cursor > after:
                yield "", f"receipts/{cursor}.txt", [b"receipt " * (number % 7)]
                yield cursor, f"revisions/{cursor}.json", [hashlib.sha256(cursor.encode()).digest() * 3]

    return section


def one(name: str, content: bytes) -> Section:
    def section(after: str | None) -> Iterator[File]:
        if after is None:
            yield name, name, [content]

    return section


SECTIONS = {
    "profile": one("profile.json", b"{}"),
    "receipts": many(40),
    "photos": one("a.jpg", b"\xff" * 999),
}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(-1, 6)), max_size=12))
def test_however_it_is_cut_off(runs: list[tuple[int, int]]):
    """Each run stops after so many files, or dies after so many writes."""
    shelf = Shelf()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gathering, "PART_BYTES", 700)
        for files, dies in [*runs, (10_000, -1)]:
            shelf.dies = dies
            left = iter([False] * files)
            try:
                progress = gather(
                    EXPORT, SECTIONS, files=shelf, now=NOW, is_late=lambda left=left: next(left, True)
                )
            except Died:
                continue
            if progress.done:
                break
    assert progress.done
    assert shelf.finished is not None
    assert progress.size == len(shelf.finished)
    with zipfile.ZipFile(io.BytesIO(shelf.finished)) as found:
        assert found.testzip() is None
        names = found.namelist()
        assert len(names) == len(set(names)) == 1 + 80 + 1 + 1
        manifest = json.loads(found.read("manifest.json"))
        assert [each["name"] for each in manifest["files"]] == names[:-1]
        assert progress.manifest_sha256 == hashlib.sha256(found.read("manifest.json")).hexdigest()
        for each in manifest["files"]:
            assert hashlib.sha256(found.read(each["name"])).hexdigest() == each["sha256"]


def test_memory_holds_a_part_and_a_line_a_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gathering, "PART_BYTES", 1 << 16)

    class Forgetful(Shelf):
        """Keeps no part."""

        def put_part(self, _key: str, _upload: str, number: int, part: bytes) -> str:
            assert len(part) <= 1 << 16
            return str(number)

        def complete(self, *_: object) -> None:
            return None

    def large(after: str | None) -> Iterator[File]:
        if after is None:
            yield (
                "x",
                "activities.jsonl",
                (hashlib.sha512(str(n).encode()).digest() * 16 for n in range(4_000)),
            )

    progress = gather(EXPORT, {"large": large}, files=Forgetful(), now=NOW, is_late=lambda: False)
    assert progress.done
    assert progress.size > 10 * (1 << 14)
    assert not progress.tail
