"""Puts an export together, in as many runs as it takes. A run goes on after the last file that is written down, and writes down how far it
came before its time is over; what was written after that is written again, over the same parts.

Memory holds one part of the file and, for each file in it, one line of the archive's directory and of the manifest: 1.5 KB.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from puhui.kernel import clock
from puhui.privacy.exports.bucket import PART_BYTES
from puhui.privacy.exports.contents import Section
from puhui.privacy.exports.model import Export
from puhui.privacy.exports.zipping import Archive

MANIFEST = "manifest.json"
VERSION = 1


class Files(Protocol):
    """Where exports are written: ``bucket.ExportBucket``."""

    def begin(self, object_key: str) -> str: ...
    def put_part(self, object_key: str, upload: str, number: int, part: bytes) -> str: ...
    def complete(self, object_key: str, upload: str, tags: list[str]) -> None: ...
    def put_progress(self, object_key: str, progress: dict[str, Any]) -> None: ...
    def progress(self, object_key: str) -> dict[str, Any] | None: ...


@dataclass
class Progress:
    """How far an export is. ``section`` and ``after``: the last file that is in; ``tail``: what is not a part yet."""

    upload: str
    archive: Archive
    tags: list[str] = field(default_factory=list)
    tail: bytearray = field(default_factory=bytearray)
    section: str = ""
    after: str | None = None
    done: bool = False
    manifest_sha256: str = ""
    size: int = 0  # of what was written

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "archive": self.archive.stored(),
            "tail": base64.b64encode(self.tail).decode(),
        }

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Progress":
        """As ``stored`` wrote it."""
        tail = bytearray(base64.b64decode(stored["tail"]))
        return cls(
            **{name: stored[name] for name in _PLAIN}, archive=Archive.read(stored["archive"]), tail=tail
        )


_PLAIN = ("upload", "tags", "section", "after", "done", "manifest_sha256", "size")


def gather(
    export: Export,
    sections: Mapping[str, Section],
    *,
    files: Files,
    now: datetime,
    is_late: Callable[[], bool],
) -> Progress:
    """Go on with an export until it is done or time is up."""
    progress_key = f"{export.folder}progress.json"
    stored = files.progress(progress_key)
    progress = Progress.read(stored) if stored else Progress(files.begin(export.object_key), Archive([]))
    if progress.done:
        files.complete(export.object_key, progress.upload, progress.tags)
        return progress
    names = list(sections)
    for name in names[names.index(progress.section) if progress.section else 0 :]:
        after = progress.after if name == progress.section else None
        for cursor, path, chunks in sections[name](after):
            _write(progress.archive.file(path, chunks), progress, export, files)
            if not cursor:
                continue
            progress.section, progress.after = name, cursor
            if is_late():
                files.put_progress(progress_key, progress.stored())
                return progress
    _finish(progress, export, files, now)
    files.put_progress(progress_key, progress.stored())
    files.complete(export.object_key, progress.upload, progress.tags)
    return progress


def _finish(progress: Progress, export: Export, files: Files, now: datetime) -> None:
    manifest = manifest_of(progress.archive, export, now)
    progress.manifest_sha256 = hashlib.sha256(manifest).hexdigest()
    _write(progress.archive.file(MANIFEST, [manifest]), progress, export, files)
    _write(progress.archive.end(), progress, export, files)
    if progress.tail:
        _put(progress, export, files, bytes(progress.tail))
        progress.tail.clear()
    progress.done = True


def manifest_of(archive: Archive, export: Export, now: datetime) -> bytes:
    """The manifest: the SHA-256 and size of each file, whose they are, when they were put together."""
    listed = [{"name": entry.name, "sha256": entry.sha256, "size": entry.size} for entry in archive.entries]
    content = {
        "version": VERSION,
        "member_id": export.member_id,
        "made_at": clock.to_text(now),
        "files": listed,
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def _write(chunks: Iterable[bytes], progress: Progress, export: Export, files: Files) -> None:
    tail = progress.tail
    for chunk in chunks:
        tail += chunk
        progress.size += len(chunk)
        while len(tail) >= PART_BYTES:
            _put(progress, export, files, bytes(tail[:PART_BYTES]))
            del tail[:PART_BYTES]


def _put(progress: Progress, export: Export, files: Files, part: bytes) -> None:
    number = len(progress.tags) + 1
    progress.tags.append(files.put_part(export.object_key, progress.upload, number, part))
