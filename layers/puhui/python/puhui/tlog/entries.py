"""The entries of this journal: small canonical JSON objects (RFC 8785) that commit to an event without telling it.

    {"at": "2026-11-21T08:30:00+08:00", "commitment": <base64>, "id": <entry id>, "prev": <base64 or null>, "type": "transfer", "v": 1}

``commitment`` is HMAC-SHA256 with a salt of 32 bytes as the key over the event's canonical JSON: whoever has both can
open it, nobody else can guess it. ``prev`` is the leaf hash of the same stream's previous entry.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from puhui.tlog import notes
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import HASH_BYTES
from puhui.tlog.tiles import ENTRY_BYTES_MAX

VERSION = 1
_FIELDS = {"v", "type", "id", "at", "commitment", "prev"}


@dataclass(frozen=True)
class Entry:
    """A leaf's content. ``prev`` is None for the first entry of a stream."""

    type: str
    id: str
    at: str
    commitment: bytes
    prev: bytes | None
    v: int = VERSION

    def __bytes__(self) -> bytes:
        """The leaf's bytes. Raises Malformed when they would be over 65,535."""
        leaf = canonical(
            {
                "v": self.v,
                "type": self.type,
                "id": self.id,
                "at": self.at,
                "commitment": notes.to_b64(self.commitment),
                "prev": notes.to_b64(self.prev) if self.prev is not None else None,
            }
        )
        if len(leaf) > ENTRY_BYTES_MAX:
            raise Malformed(f"an entry has at most {ENTRY_BYTES_MAX} bytes, not {len(leaf)}")
        return leaf


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785). Raises Malformed for what has none: NaN, integers beyond 2^53, other types."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as error:
        raise Malformed(f"this has no canonical JSON: {error}") from None


def commitment(salt: bytes, event: Mapping[str, Any]) -> bytes:
    """The commitment to ``event`` under a salt of 32 bytes. Raises Malformed."""
    return hmac.digest(salt, canonical(event), "sha256")


def parse(leaf: bytes) -> Entry:
    """An entry from a leaf's bytes. Raises Malformed unless they are its one canonical form."""
    try:
        value = json.loads(leaf)
    except (ValueError, RecursionError):
        raise Malformed("the leaf is no JSON") from None
    if not isinstance(value, dict) or set(value) != _FIELDS or canonical(value) != leaf:
        raise Malformed("the leaf is not the canonical JSON of an entry")
    texts = [value[name] for name in ("type", "id", "at", "commitment")]
    if (
        value["v"] is True
        or value["v"] != VERSION
        or not all(isinstance(text, str) and text for text in texts)
    ):
        raise Malformed(f"the leaf is no entry of version {VERSION}")
    prev = value["prev"]
    return Entry(
        value["type"],
        value["id"],
        value["at"],
        _hash(value["commitment"]),
        None if prev is None else _hash(prev),
    )


def check_opening(entry: Entry, salt: bytes, event: Mapping[str, Any]) -> None:
    """Raise NotProved unless salt and event are what the entry commits to. Raises Malformed for an event without a
    canonical form."""
    if event.get("id") != entry.id or event.get("type") != entry.type:
        raise NotProved(
            f"the event is {event.get('type')} {event.get('id')}, the entry {entry.type} {entry.id}"
        )
    if not hmac.compare_digest(commitment(salt, event), entry.commitment):
        raise NotProved("the entry does not commit to this event with this salt")


def _hash(text: Any) -> bytes:
    data = notes.from_b64(text) if isinstance(text, str) else b""
    if len(data) != HASH_BYTES:
        raise Malformed("a commitment and a previous leaf's hash have 32 bytes")
    return data
