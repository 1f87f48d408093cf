"""The journal's table: the only file that knows its keys and attributes.

| item      | stream (hash)   | entry (range)    | holds |
|-----------|-----------------|------------------|-------|
| stream    | S#<pseudonym>   | stream           | key (absent once erased), leaf, index, erased |
| payload   | S#<pseudonym>   | P#<entry id>     | type, sealed and streams, or event (public) |
| place     | E#<entry id>    | place            | index, in (its stream), type |
| head      | H#<origin>      | head             | size, root, staging: the one conditional write of a batch |
| signed    | H#<origin>      | signed           | size, note: the latest checkpoint with the log's own signature |
| witness   | W#<origin>      | <name>           | size it saw last |
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from puhui.journal.errors import EventIdReused, StreamErased
from puhui.journal.model import Event, Head, Payload, Place, Stream, event_text
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item
from puhui.tlog.merkle import EMPTY_ROOT

Given = TypeVar("Given")
Result = TypeVar("Result")
READS_A_REQUEST = 100
WRITES_A_REQUEST = 25
AT_ONCE = 16
SIGNED = "signed"

STREAM = Record(Stream, hash_key="stream", owner="S#{name}", entry="stream")
PAYLOAD = Record(Payload, hash_key="stream", owner="S#{stream}", entry="P#{entry_id}")
PLACE = Record(Place, hash_key="stream", owner="E#{entry_id}", entry="place", names={"stream": "in"})
HEAD = Record(Head)


class Journal:
    """One log's items in the journal's table."""

    def __init__(self, dynamodb: DynamoDB, table: str, origin: str) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.origin = origin

    @classmethod
    def from_environment(cls) -> "Journal":
        """The table and the log that JOURNAL_TABLE and JOURNAL_ORIGIN name."""
        return cls(DynamoDB(), os.environ["JOURNAL_TABLE"], os.environ["JOURNAL_ORIGIN"])

    # The head

    def head(self) -> tuple[Head, int, str]:
        """The head, and size and note of the latest signed checkpoint: one read."""
        head, signed = self.dynamodb.get_all([self._head_key("head"), self._head_key(SIGNED)])
        return head_from(head), signed["size"] if signed else 0, signed["note"] if signed else ""

    def move_head(self, old: Head, new: Head) -> bool:
        """Whether ``new`` has taken the place of ``old``. When an answer is lost the write is sent again, and the head that it
        finds tells whether the first was ours."""
        values: dict[str, Any] = {":n": new.size, ":r": new.root, ":s": new.staging}
        condition = "attribute_not_exists(#size)"
        if old.size:
            condition = "#size = :old AND root = :root"
            values |= {":old": old.size, ":root": old.root}
        try:
            self.dynamodb.update(
                *self._head_key("head"),
                "SET #size = :n, root = :r, staging = :s",
                values,
                condition=condition,
                names={"#size": "size"},
            )
        except ConditionFailed as failed:
            return head_from(failed.item) == new
        return True

    def put_signed(self, size: int, note: str) -> None:
        """Keep a signed checkpoint, unless a later one is there."""
        self._unless_later(self._head_key(SIGNED), {"size": size, "note": note})

    def _head_key(self, entry: str) -> Key:
        return Key(self.table, {"stream": f"H#{self.origin}", "entry": entry})

    # Streams

    def streams(self, names: Sequence[str]) -> dict[str, Stream]:
        """Those of the named streams that exist."""
        keys = [Key(self.table, STREAM.key(name=name)) for name in names]
        found = zip(names, self._read(keys), strict=True)
        return {name: STREAM.read(item) for name, item in found if item}

    def open_stream(self, name: str, key: bytes) -> Stream:
        """The stream; made with this key when there is none."""
        try:
            item = self.dynamodb.update(
                self.table,
                STREAM.key(name=name),
                "SET #key = :k",
                {":k": key},
                condition="attribute_not_exists(#entry)",
                names={"#key": "key", "#entry": "entry"},
            )
        except ConditionFailed as failed:
            item = failed.item or {}
        return STREAM.read(item)

    def advance(self, streams: Sequence[Stream]) -> None:
        """Write the last leaf of each stream, unless a later one is there."""

        def one(stream: Stream) -> None:
            self._unless_later(
                Key(self.table, STREAM.key(name=stream.name)),
                {"index": stream.index, "leaf": stream.leaf},
                by="index",
            )

        at_once(one, streams)

    # Payloads and places

    def indices(self, entry_ids: Sequence[str]) -> dict[str, int]:
        """The index of each of the entries that is in the log."""
        found = self._read([Key(self.table, PLACE.key(entry_id=entry_id)) for entry_id in entry_ids])
        return {entry_id: item["index"] for entry_id, item in zip(entry_ids, found, strict=True) if item}

    def place(self, entry_id: str) -> Place | None:
        """The place of an entry."""
        item = self.dynamodb.get(self.table, PLACE.key(entry_id=entry_id))
        return PLACE.read(item) if item else None

    def places(self, entry_ids: Sequence[str]) -> dict[str, Place]:
        """The places of those of the entries that are in the log."""
        found = self._read([Key(self.table, PLACE.key(entry_id=entry_id)) for entry_id in entry_ids])
        return {item["stream"][2:]: PLACE.read(item) for item in found if item}

    def put_places(self, places: Sequence[Place]) -> None:
        """Write places."""
        self._write([PLACE.item(place) for place in places])

    def put_payloads(self, payloads: Sequence[Payload]) -> None:
        """Write payloads."""
        self._write([PAYLOAD.item(payload) for payload in payloads])

    def payload(self, stream: str, entry_id: str) -> Payload | None:
        """An event as the stream's subject keeps it."""
        item = self.dynamodb.get(self.table, PAYLOAD.key(stream=stream, entry_id=entry_id))
        return PAYLOAD.read(item) if item else None

    def payloads(self, keys: Sequence[tuple[str, str]]) -> list[Payload | None]:
        """Payloads by (stream, entry id), in that order."""
        found = self._read(
            [Key(self.table, PAYLOAD.key(stream=stream, entry_id=entry_id)) for stream, entry_id in keys]
        )
        return [PAYLOAD.read(item) if item else None for item in found]

    def payload_ids(self, stream: str, after: str | None = None) -> Iterator[str]:
        """The entries that the stream's subject keeps a payload of, from the one after ``after`` on, in the order of their ids."""
        while True:
            owner = ("stream", f"S#{stream}")
            items, after = self.dynamodb.entries(self.table, owner, "P#", after=after)
            yield from (item["entry"][2:] for item in items)
            if after is None:
                return

    def delete_payloads(self, stream: str, entry_ids: Sequence[str]) -> None:
        """Destroy payloads."""
        self.dynamodb.delete_all(
            self.table, [PAYLOAD.key(stream=stream, entry_id=entry_id) for entry_id in entry_ids]
        )

    # Submitting

    def add_submission(self, session: Session, event: Event, stream: str) -> None:
        """Add a public event to a session: the table's stream brings it to the sequencer."""
        text = event_text(event)
        session.put(
            self.table,
            PAYLOAD.item(Payload(stream, event.id, event.type, event=text)) | {"submitted": True},
            unless="entry",
            error=EventIdReused(content=event.content),
        )

    def add_erasure(self, session: Session, stream: str, at: str) -> None:
        """Add the destruction of a stream's key to a session. Raises StreamErased when it was done before."""
        session.update(
            self.table,
            STREAM.key(name=stream),
            "SET erased = :at REMOVE #key, leaf",
            {":at": at},
            condition="attribute_not_exists(erased)",
            names={"#key": "key"},
            error=StreamErased(),
        )

    # Witnesses

    def witnessed(self, name: str) -> int:
        """How many entries a witness saw last, as far as is known."""
        item = self.dynamodb.get(*self._witness_key(name))
        return item["size"] if item else 0

    def put_witnessed(self, name: str, size: int) -> None:
        """Remember what a witness saw last."""
        self.dynamodb.update(
            *self._witness_key(name), "SET #size = :n", {":n": size}, names={"#size": "size"}
        )

    def _witness_key(self, name: str) -> Key:
        return Key(self.table, {"stream": f"W#{self.origin}", "entry": name})

    # Many at once

    def _unless_later(self, key: Key, values: dict[str, Any], by: str = "size") -> None:
        names = {f"#{name}": name for name in values}
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        condition = f"attribute_not_exists(#{by}) OR #{by} < :{by}"
        wire = {f":{name}": value for name, value in values.items()}
        try:
            self.dynamodb.update(*key, f"SET {sets}", wire, condition=condition, names=names)
        except ConditionFailed:
            return

    def _read(self, keys: Sequence[Key]) -> list[Item | None]:
        chunks = [keys[i : i + READS_A_REQUEST] for i in range(0, len(keys), READS_A_REQUEST)]
        return [item for items in at_once(self.dynamodb.get_all, chunks) for item in items]

    def _write(self, items: Sequence[Item]) -> None:
        chunks = [items[i : i + WRITES_A_REQUEST] for i in range(0, len(items), WRITES_A_REQUEST)]
        at_once(lambda chunk: self.dynamodb.put_all(self.table, chunk), chunks)


def at_once(work: Callable[[Given], Result], each: Iterable[Given]) -> list[Result]:
    """What ``work`` gives for each, several at a time: AWS answers them side by side."""
    todo = list(each)
    if len(todo) < 2:
        return [work(one) for one in todo]
    return list(_pool().map(work, todo))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE)


def head_from(item: Item | None) -> Head:
    """The head of an item; that of the empty log when there is none."""
    return HEAD.read(item) if item else Head(0, EMPTY_ROOT, "")


def payload_from(item: Item) -> Payload:
    """The payload of an item."""
    return PAYLOAD.read(item)


def is_submission(item: Item) -> bool:
    """Whether an item of this table is an event on its way to the sequencer."""
    return bool(item.get("submitted")) and item["entry"].startswith("P#")
