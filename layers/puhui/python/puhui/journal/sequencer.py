"""Puts events into the log: batch by batch, from any number of processes at once, through any crash.

    1. read the head; finish what the last batch left undone ("recovery")
    2. drop events that are in the log; build entries, each chained to its stream's last
    3. write the payloads, then the batch to staging/<from>-<to>-<root>
    4. move the head: one conditional write, which decides
    5. write tiles, places and the streams' last leaves; only then sign the checkpoint

A process that dies before 4 leaves nothing that counts. One that dies after it leaves the head with its staging, from which
the next process finishes steps 5 before it begins anything of its own: so whoever builds on a head knows all entries below
it, and what is signed is complete. Nothing is signed that could lose.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from puhui.journal import model
from puhui.journal.dynamo import at_once
from puhui.journal.errors import HeadRolledBack, JournalCorrupt
from puhui.journal.model import PUBLIC_TYPES, Event, Head, Payload, Place, Stream
from puhui.journal.ports import Objects, Table
from puhui.kernel import clock
from puhui.kernel.errors import Unavailable
from puhui.tlog import tiles
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import leaf_hash
from puhui.tlog.notes import Signer
from puhui.tlog.tiles import Edge, Growth, Tree

RACES_MAX = 40
RACE_PAUSE_SECONDS = 0.01
RACE_PAUSE_SECONDS_MAX = 0.5
TILE_TYPE, JSON_TYPE = "application/octet-stream", "application/json"
_NONCE_BYTES = 12


@dataclass
class Log:
    """One log and what it is written with. ``edge`` is what this process remembers of the last head it saw."""

    origin: str
    table: Table
    objects: Objects
    signer: Signer
    pepper: bytes = field(repr=False)
    sleep: Callable[[float], None] = time.sleep
    edge: Edge = field(default_factory=Edge)
    lock_days: int = 0

    def lock_until(self, key: str) -> datetime | None:
        """Until when an object is under Object Lock: full tiles and archived checkpoints are, as long as is set."""
        if not self.lock_days or ".p/" in key or key.startswith("staging/"):
            return None
        return clock.now() + timedelta(days=self.lock_days)


@dataclass(frozen=True)
class Sequenced:
    """What a call did: how many of its events it put into the log, how many were there already, and the log's size."""

    appended: int
    repeated: int
    size: int


@dataclass(frozen=True)
class Staged:
    """A batch as it lies in staging: the size it starts from, and of each entry its id, type, stream and leaf."""

    size: int
    entries: tuple[tuple[str, str, str, bytes], ...]

    def __bytes__(self) -> bytes:
        entries = [[*names, leaf.decode()] for *names, leaf in self.entries]
        return json.dumps({"size": self.size, "entries": entries}, separators=(",", ":")).encode()

    @property
    def leaves(self) -> list[bytes]:
        """The entries' bytes."""
        return [leaf for *_, leaf in self.entries]


def sequence(events: Iterable[Event], *, log: Log) -> Sequenced:
    """Put events into the log, each once, in this order.

    Raises JournalCorrupt when the storage contradicts itself, Unavailable when others were faster all the time.
    """
    wanted = {event.id: event for event in events}
    if not wanted:
        return Sequenced(0, 0, 0)
    sealed = False
    for race in range(RACES_MAX):
        if race:
            log.sleep(random.uniform(0, min(RACE_PAUSE_SECONDS * 2**race, RACE_PAUSE_SECONDS_MAX)))  # noqa: S311
        head = recover(log)
        existing = log.table.indices(list(wanted))
        fresh = [event for event in wanted.values() if event.id not in existing]
        if not fresh:
            return Sequenced(0, len(wanted), head.size)
        streams = _streams(fresh, log)
        if not sealed:
            log.table.put_payloads(_payloads(fresh, streams, log))
            sealed = True
        staged = Staged(head.size, tuple(_entries(fresh, streams, log)))
        if commit(staged, head, log):
            return Sequenced(len(fresh), len(existing), head.size + len(fresh))
    raise Unavailable


def recover(log: Log) -> Head:
    """The head, once everything that belongs to it is written and signed. Raises JournalCorrupt, HeadRolledBack."""
    head, signed_size, _ = log.table.head()
    if signed_size > head.size:
        raise HeadRolledBack(detail=f"{signed_size} entries were signed, the head has {head.size}")
    if signed_size < head.size:
        staged = _read_staging(head, log)
        if log.edge.size != staged.size:
            log.edge = read_edge(staged.size, log.objects)
        growth = tiles.append(log.edge, staged.leaves)
        _require(growth.edge.root == head.root, f"{head.staging} does not lead to the head's root")
        _apply(staged, growth, head, log)
    elif log.edge.size != head.size:
        log.edge = read_edge(head.size, log.objects)
    _require(log.edge.root == head.root, f"the tiles of size {head.size} do not lead to the head's root")
    return head


def commit(staged: Staged, head: Head, log: Log) -> bool:
    """Whether the batch is in the log: staged, the head moved, everything written. False when another was faster."""
    growth = tiles.append(log.edge, staged.leaves)
    root = growth.edge.root
    new = Head(growth.edge.size, root, f"staging/{head.size}-{growth.edge.size}-{root.hex()}")
    _put(new.staging, bytes(staged), JSON_TYPE, log)
    if not log.table.move_head(head, new):
        return False
    _apply(staged, growth, new, log)
    return True


def _apply(staged: Staged, growth: Growth, head: Head, log: Log) -> None:
    at_once(lambda item: _put(*item, TILE_TYPE, log), growth.tiles.items())
    numbered = list(enumerate(zip(staged.entries, growth.leaves, strict=True), staged.size))
    log.table.put_places(
        [Place(entry_id, index, stream, kind) for index, ((entry_id, kind, stream, _), _) in numbered]
    )
    last = {stream: Stream(stream, None, leaf, index) for index, ((_, _, stream, _), leaf) in numbered}
    log.table.advance(list(last.values()))
    log.edge = growth.edge
    note = Checkpoint(log.origin, head.size, head.root).signed(log.signer)
    log.table.put_signed(head.size, str(note))


def _put(key: str, body: bytes, content_type: str, log: Log) -> None:
    """Write an object that never changes; what is there already must be the same."""
    if not log.objects.put_new(key, body, content_type, log.lock_until(key)):
        found = log.objects.get(key)
        _require(found is not None and found.body == body, f"{key} has other bytes")


def _read_staging(head: Head, log: Log) -> Staged:
    found = log.objects.get(head.staging)
    _require(found is not None, f"{head.staging} is missing")
    assert found is not None  # noqa: S101 for the type checker
    staged = staged_from(found.body)
    _require(staged.size + len(staged.entries) == head.size, f"{head.staging} is not the head's batch")
    return staged


def staged_from(body: bytes) -> Staged:
    """A batch from its object. Raises JournalCorrupt."""
    try:
        content = json.loads(body)
        return Staged(content["size"], tuple((*names, leaf.encode()) for *names, leaf in content["entries"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise JournalCorrupt(detail="the staging cannot be read") from None


def read_edge(size: int, objects: Objects) -> Edge:
    """The edge of the log at ``size``, from its partial tiles: a few reads whatever the size. Raises JournalCorrupt."""
    tree = Tree(fetcher(objects), size)
    levels = []
    try:
        for level in range(-(-size.bit_length() // 8)):
            number, width = divmod(size >> 8 * level, tiles.WIDTH)
            levels.append(tree.tile(level, number) if width else b"")
        count = size % tiles.WIDTH
        entries = tree.bundle(size // tiles.WIDTH) if count else []
    except (Malformed, NotProved) as error:
        raise JournalCorrupt(detail=str(error)) from None
    bundle = b"".join(len(entry).to_bytes(2) + entry for entry in entries)
    return Edge(size, tuple(levels), bundle)


def fetcher(objects: Objects) -> tiles.Fetch:
    """How ``tlog.tiles.Tree`` reads from the bucket."""

    def fetch(path: str) -> bytes:
        found = objects.get(path)
        if found is None:
            raise NotProved(f"{path} is missing")
        return found.body

    return fetch


# Streams, entries, payloads


def _names(event: Event, log: Log) -> list[str]:
    return [model.pseudonym(log.pepper, subject) for subject in event.subjects]


def _streams(events: Sequence[Event], log: Log) -> dict[str, Stream]:
    """All streams that the events touch, as they are now; new ones are made."""
    names = list(dict.fromkeys(name for event in events for name in _names(event, log)))
    found = log.table.streams(names)
    missing = [name for name in names if name not in found]
    made = at_once(lambda name: log.table.open_stream(name, os.urandom(model.KEY_BYTES)), missing)
    return {**found, **{stream.name: stream for stream in made}}


def _key(event: Event, streams: dict[str, Stream], log: Log) -> bytes | None:
    """The key of an event; None when one of its subjects was erased."""
    keys = [streams[name].key for name in _names(event, log)]
    known = [key for key in keys if key is not None]
    return model.joint_key(known) if len(known) == len(keys) else None


def _entries(
    events: Sequence[Event], streams: dict[str, Stream], log: Log
) -> Iterable[tuple[str, str, str, bytes]]:
    last = dict(streams)
    for event in events:
        name = _names(event, log)[0]
        # Nobody will open the entry of an erased subject: its salt is forgotten at once.
        key = _key(event, streams, log) or os.urandom(model.KEY_BYTES)
        leaf = bytes(model.entry(event, key, last[name].leaf))
        last[name] = replace(last[name], leaf=leaf_hash(leaf))
        yield event.id, event.type, name, leaf


def _payloads(events: Sequence[Event], streams: dict[str, Stream], log: Log) -> list[Payload]:
    payloads = []
    for event in events:
        key = _key(event, streams, log)
        if key is None or event.submitted:
            continue
        names = _names(event, log)
        if event.type in PUBLIC_TYPES:
            payloads += [Payload(name, event.id, event.type, event=model.event_text(event)) for name in names]
            continue
        sealed = seal(model.event_text(event), key, event.id)
        payloads += [Payload(name, event.id, event.type, tuple(names), sealed) for name in names]
    return payloads


def seal(text: str, key: bytes, entry_id: str) -> bytes:
    """An event's text, sealed for its subjects."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(model.seal_key(key, entry_id)).encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes, key: bytes, entry_id: str) -> bytes:
    """The text that was sealed. Raises cryptography's InvalidTag when it was changed."""
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    return AESGCM(model.seal_key(key, entry_id)).decrypt(nonce, body, None)


def _require(holds: bool, detail: str) -> None:  # noqa: FBT001
    if not holds:
        raise JournalCorrupt(detail=detail)
