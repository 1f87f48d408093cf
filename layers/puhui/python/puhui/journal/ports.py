"""What the journal needs from outside: a table, a bucket, witnesses. ``dynamo.py``, ``store.objects`` and
``witnesses.py`` are the real ones; tests put faults around them, and run one contract on real ones and fakes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from puhui.journal.model import Head, Payload, Place, Stream
from puhui.store.objects import Found


class Table(Protocol):
    """The journal's table."""

    def head(self) -> tuple[Head, int, str]:
        """The head, and size and note of the latest signed checkpoint (0 and "" before the first)."""

    def streams(self, names: Sequence[str]) -> dict[str, Stream]:
        """Those of the named streams that exist."""

    def open_stream(self, name: str, key: bytes) -> Stream:
        """The stream; made with this key when there is none."""

    def indices(self, entry_ids: Sequence[str]) -> dict[str, int]:
        """The index of each of the entries that is in the log."""

    def put_payloads(self, payloads: Sequence[Payload]) -> None:
        """Write payloads. Writing one again changes nothing that counts."""

    def move_head(self, old: Head, new: Head) -> bool:
        """Whether ``new`` has taken the place of ``old``: the one write that decides."""

    def put_places(self, places: Sequence[Place]) -> None:
        """Write places. Writing again changes nothing."""

    def advance(self, streams: Sequence[Stream]) -> None:
        """Write the last leaf of each stream, unless a later one is there."""

    def put_signed(self, size: int, note: str) -> None:
        """Keep a signed checkpoint, unless a later one is there."""

    def witnessed(self, name: str) -> int:
        """How many entries a witness saw last, as far as is known."""

    def put_witnessed(self, name: str, size: int) -> None:
        """Remember what a witness saw last."""


class Objects(Protocol):
    """The journal's bucket."""

    def get(self, key: str) -> Found | None:
        """The object, or None."""

    def put_new(self, key: str, body: bytes, content_type: str, lock_until: datetime | None = None) -> bool:
        """Write a new object; False when there is one already."""

    def replace(self, key: str, body: bytes, content_type: str, etag: str | None) -> bool:
        """Write over exactly that version (None: a new object); False when there is another."""
