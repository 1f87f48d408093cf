"""Signed notes (c2sp.org/signed-note) and the two kinds of Ed25519 signatures on them: a log's own (0x01) and a witness's
timestamped cosignature (c2sp.org/tlog-cosignature, 0x04).

    <text, ends with a newline>
    <empty line>
    — <key name> <base64 of key id and signature>
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from puhui.tlog.errors import Malformed, NotProved

ED25519, COSIGNATURE = 0x01, 0x04
NOTE_BYTES_MAX = 1_000_000
TIME_MAX = 2**63 - 1  # of a cosignature, in Unix seconds
SIGNATURES_MAX = 100
_KEY_BYTES, _ID_BYTES, _TIME_BYTES, _SIGNATURE_BYTES = 32, 4, 8, 64
_DASH = "— "


@dataclass(frozen=True)
class Key:
    """A public key with its name: ``name+<key id in hex>+<base64 of kind and key>`` when written down (a "vkey")."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that say which key a signature line belongs to."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[
            :_ID_BYTES
        ]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_b64(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        """A key from its written form. Raises Malformed."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        body = from_b64(encoded)
        _require_name(name)
        if len(body) != 1 + _KEY_BYTES or body[0] not in (ED25519, COSIGNATURE):
            raise Malformed(f"the key of {name} is no Ed25519 key of kind 1 or 4")
        key = cls(name, body[0], body[1:])
        if key.id.hex() != key_id.lower():
            raise Malformed(f"the key of {name} does not fit its id {key_id}: a character was changed")
        return key

    def check(self, text: str, signature: bytes) -> int:
        """The time of a cosignature (Unix seconds), 0 of a plain signature. Raises NotProved when it is wrong."""
        at, message = 0, text.encode()
        if self.kind == COSIGNATURE:
            at, signature = int.from_bytes(signature[:_TIME_BYTES]), signature[_TIME_BYTES:]
            message = cosigned_message(text, at)
        if at > TIME_MAX:
            raise NotProved(f"the time of the cosignature of {self.name} is not below 2^63")
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NotProved(f"the signature of {self.name} is wrong") from None
        return at


class Signer(Protocol):
    """A private key, wherever it lies."""

    @property
    def key(self) -> Key:
        """Its public half."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over ``message``."""


@dataclass(frozen=True)
class LocalSigner:
    """A private key in this process's memory: 32 bytes of Ed25519 seed."""

    name: str
    kind: int
    seed: bytes = field(repr=False)

    @property
    def key(self) -> Key:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return Key(self.name, self.kind, public.public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over ``message``."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


@dataclass(frozen=True)
class Signature:
    """One signature line; ``key_id`` and ``name`` say whose it claims to be."""

    name: str
    key_id: bytes
    body: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {to_b64(self.key_id + self.body)}\n"


@dataclass(frozen=True)
class Note:
    """A text, which ends with a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    def signed_by(self, keys: Sequence[Key]) -> dict[Key, int]:
        """Which of these keys signed, and when (cosignatures; the first line of a key counts). Unknown signatures are
        passed over, as the format wants; raises NotProved when any line of a known key is wrong."""
        found: dict[Key, int] = {}
        for signature in self.signatures:
            for key in keys:
                if (key.name, key.id) == (signature.name, signature.key_id):
                    at = key.check(self.text, signature.body)
                    found.setdefault(key, at)
        return found


def sign(note: Note, signer: Signer, at: int = 0) -> Signature:
    """The signer's signature on the note; ``at`` (Unix seconds) is the time of a cosignature. Raises ValueError for a
    time that no cosignature may have."""
    if not 0 <= at <= TIME_MAX:
        raise ValueError(f"{at} is no time of a cosignature")
    key = signer.key
    if key.kind == COSIGNATURE:
        body = at.to_bytes(_TIME_BYTES) + signer.sign(cosigned_message(note.text, at))
    else:
        body = signer.sign(note.text.encode())
    return Signature(key.name, key.id, body)


def cosigned_message(text: str, at: int) -> bytes:
    """What a witness signs at a time."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def parse(data: bytes) -> Note:
    """A note from its bytes; its signatures are not checked yet. Raises Malformed."""
    if len(data) > NOTE_BYTES_MAX:
        raise Malformed("a note has at most a million bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Malformed("a note is UTF-8") from None
    if any(character < " " and character != "\n" for character in text):
        raise Malformed("a note has no control characters but newlines")
    head, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise Malformed("a note is a text, an empty line and signature lines")
    return Note(head + "\n", signatures_of(tail))


def signatures_of(text: str) -> tuple[Signature, ...]:
    """The signatures in a text of signature lines. Raises Malformed."""
    lines = text.split("\n")
    if lines.pop() or not 0 < len(lines) <= SIGNATURES_MAX:
        raise Malformed(f"there are 1 to {SIGNATURES_MAX} signature lines, each ending with a newline")
    return tuple(_signature(line) for line in lines)


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    body = from_b64(encoded)
    if not line.startswith(_DASH) or len(body) <= _ID_BYTES:
        raise Malformed("a signature line is a long dash, a key name and base64")
    _require_name(name)
    return Signature(name, body[:_ID_BYTES], body[_ID_BYTES:])


def _require_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise Malformed("a key's name is not empty and has neither spaces nor a plus sign")
    if any("\ud800" <= character <= "\udfff" for character in name):
        raise Malformed("a key's name is UTF-8")


def from_b64(text: str) -> bytes:
    """The bytes of standard base64 in its one canonical spelling. Raises Malformed."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("this is not base64") from None
    if to_b64(data) != text:
        raise Malformed("this is not the canonical base64 of its bytes")
    return data


def to_b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()
