"""Events, streams and what is derived from a stream's key: pure values.

A **stream** is one subject's sequence of entries: a member's account, a methodology. It is named by a pseudonym (a keyed
hash of the subject), and has a secret key from which the salt of each entry and the seal of each payload are derived, so
that destroying this one key makes all of them unopenable.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from puhui.tlog import entries
from puhui.tlog.entries import Entry

KEY_BYTES = 32
TRANSFER, RETIREMENT, DECISION = "transfer", "retirement", "decision"
METHODOLOGY, FACTOR, PROGRAMME, DECIDED = "methodology", "factor", "programme", "decided"
ANCHOR, ERASURE = "anchor", "erasure"
PUBLIC_TYPES = frozenset({METHODOLOGY, FACTOR, PROGRAMME, DECIDED, ANCHOR, ERASURE})
ERASURES = "erasures"  # the subject of erasure entries


@dataclass(frozen=True)
class Event:
    """Something that leaves an entry. ``subjects`` are those whom it is about: the entry is in the first one's
    stream, and each of them can open it. ``body`` is JSON without floats. ``submitted``: the journal's table holds its
    payload already."""

    id: str
    type: str
    at: str
    subjects: tuple[str, ...]
    body: Mapping[str, Any]
    submitted: bool = field(default=False, compare=False)

    @property
    def content(self) -> dict[str, Any]:
        """What the entry commits to."""
        return {"v": entries.VERSION, "type": self.type, "id": self.id, "at": self.at, **self.body}


@dataclass(frozen=True)
class Stream:
    """A subject's stream. ``key`` is None once it was erased; ``leaf`` is the last entry's hash, ``index`` its place."""

    name: str
    key: bytes | None = None
    leaf: bytes | None = None
    index: int = -1


@dataclass(frozen=True)
class Payload:
    """An event as one subject keeps it: sealed, or in the clear when it is public. ``streams``: whose keys seal it."""

    stream: str
    entry_id: str
    type: str
    streams: tuple[str, ...] = ()
    sealed: bytes = b""
    event: str = ""


@dataclass(frozen=True)
class Place:
    """The place of an entry in the log. ``stream``: the pseudonym of the one whose stream it is in."""

    entry_id: str
    index: int
    stream: str
    type: str


@dataclass(frozen=True)
class Head:
    """The state of the log that every batch starts from. ``staging`` names the object with the last batch."""

    size: int
    root: bytes
    staging: str


def pseudonym(pepper: bytes, subject: str) -> str:
    """The name of a subject's stream: means nothing to anybody without the pepper."""
    return hmac.digest(pepper, b"journal:" + subject.encode(), "sha256").hex()[:32]


def joint_key(keys: Sequence[bytes]) -> bytes:
    """The key of an event about several subjects: gone as soon as one of theirs is."""
    return keys[0] if len(keys) == 1 else sha256(b"".join(keys)).digest()


def salt(key: bytes, entry_id: str) -> bytes:
    """The salt of one entry. It can be shown without the key."""
    return hmac.digest(key, b"salt:" + entry_id.encode(), "sha256")


def seal_key(key: bytes, entry_id: str) -> bytes:
    """The key that seals one payload."""
    return hmac.digest(key, b"seal:" + entry_id.encode(), "sha256")


def entry(event: Event, key: bytes, prev: bytes | None) -> Entry:
    """The entry of an event, with ``prev``: the leaf hash before it in its stream. Raises tlog's Malformed."""
    commitment = entries.commitment(salt(key, event.id), event.content)
    return Entry(event.type, event.id, event.at, commitment, prev)


def event_text(event: Event) -> str:
    """An event's content as it is stored. Raises tlog's Malformed."""
    return entries.canonical(event.content).decode()


def read_event(text: str | bytes) -> dict[str, Any]:
    """An event's content as it was stored."""
    content: dict[str, Any] = json.loads(text)
    return content
