"""The journal's table and bucket in memory. tests/contracts/journal runs one contract on these and on the real ones."""

from collections.abc import Callable, Sequence
from datetime import datetime

from puhui.journal.model import Head, Payload, Place, Stream
from puhui.store.objects import Found
from puhui.tlog.merkle import EMPTY_ROOT


def nothing() -> None:
    """The gate that lets everything pass."""


class MemoryTable:
    """``gate`` is passed before and after each effect; ``lose_answer`` says whether the head write's answer gets lost."""

    def __init__(
        self, gate: Callable[[], None] = nothing, lose_answer: Callable[[], bool] = lambda: False
    ) -> None:
        self.gate, self.lose_answer = gate, lose_answer
        self.the_head = Head(0, EMPTY_ROOT, "")
        self.signed: tuple[int, str] = (0, "")
        self.by_stream: dict[str, Stream] = {}
        self.by_entry: dict[str, Place] = {}
        self.by_payload: dict[tuple[str, str], Payload] = {}
        self.seen: dict[str, int] = {}

    def head(self) -> tuple[Head, int, str]:
        self.gate()
        return self.the_head, *self.signed

    def streams(self, names: Sequence[str]) -> dict[str, Stream]:
        self.gate()
        return {name: self.by_stream[name] for name in names if name in self.by_stream}

    def open_stream(self, name: str, key: bytes) -> Stream:
        self.gate()
        stream = self.by_stream.setdefault(name, Stream(name, key))
        self.gate()
        return stream

    def indices(self, entry_ids: Sequence[str]) -> dict[str, int]:
        self.gate()
        return {each: self.by_entry[each].index for each in entry_ids if each in self.by_entry}

    def put_payloads(self, payloads: Sequence[Payload]) -> None:
        for payload in payloads:
            self.gate()
            self.by_payload[payload.stream, payload.entry_id] = payload
        self.gate()

    def move_head(self, old: Head, new: Head) -> bool:
        self.gate()
        moved = (self.the_head.size, self.the_head.root) == (old.size, old.root)
        if moved:
            self.the_head = new
        self.gate()
        if moved and self.lose_answer():
            self.gate()  # the write is sent again, and what stands there by then decides
            return self.the_head == new
        return moved or self.the_head == new

    def put_places(self, places: Sequence[Place]) -> None:
        for place in places:
            self.gate()
            self.by_entry[place.entry_id] = place
        self.gate()

    def advance(self, streams: Sequence[Stream]) -> None:
        for stream in streams:
            self.gate()
            now = self.by_stream[stream.name]
            if now.index < stream.index:
                self.by_stream[stream.name] = Stream(stream.name, now.key, stream.leaf, stream.index)
        self.gate()

    def put_signed(self, size: int, note: str) -> None:
        self.gate()
        if self.signed[0] < size:
            self.signed = (size, note)
        self.gate()

    def witnessed(self, name: str) -> int:
        self.gate()
        return self.seen.get(name, 0)

    def put_witnessed(self, name: str, size: int) -> None:
        self.gate()
        self.seen[name] = size
        self.gate()


class MemoryObjects:
    """``history`` is every version that ever stood, oldest first."""

    def __init__(self, gate: Callable[[], None] = nothing) -> None:
        self.gate = gate
        self.objects: dict[str, bytes] = {}
        self.history: list[tuple[str, bytes]] = []

    def get(self, key: str) -> Found | None:
        self.gate()
        body = self.objects.get(key)
        return None if body is None else Found(body, str(hash(body)))

    def put_new(self, key: str, body: bytes, _content_type: str, _lock_until: datetime | None = None) -> bool:
        self.gate()
        new = key not in self.objects
        if new:
            self._write(key, body)
        self.gate()
        return new

    def replace(self, key: str, body: bytes, _content_type: str, etag: str | None) -> bool:
        self.gate()
        stands = self.objects.get(key)
        fits = (None if stands is None else str(hash(stands))) == etag
        if fits:
            self._write(key, body)
        self.gate()
        return fits

    def _write(self, key: str, body: bytes) -> None:
        self.objects[key] = body
        self.history.append((key, body))
