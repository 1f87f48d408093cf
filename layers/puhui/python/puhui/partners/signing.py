"""Standard Webhooks 1.0.0 over ``id.timestamp.body``: symmetric (HMAC-SHA256, as ``v1,<base64>``) with companies that take orders, whose
secrets we share; asymmetric (Ed25519, as ``v1a,<base64>``) with data partners, who know our public keys.

The published library for Python reads its own clock, knows one secret at a time and lets a malformed header through as a
ValueError; hence these few lines, which the tests check against the library.
"""

import base64
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from puhui.partners.errors import SignatureInvalid

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX, PRIVATE_PREFIX, PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"
TOLERANCE_SECONDS = 300
SEED_BYTES = 32  # of an Ed25519 key
KEY_BYTES, KEY_BYTES_LEAST, KEY_BYTES_MOST = 32, 24, 64
SIGNATURES_MAX = 10
_ID = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)  # without the full stop that joins what is signed
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def secret_text(key: bytes) -> str:
    """A key as people hand it over: ``whsec_<base64>``."""
    return PREFIX + base64.b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """The key of ``whsec_<base64>``. Raises ValueError unless it has 24 to 64 bytes."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}")
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    if not KEY_BYTES_LEAST <= len(key) <= KEY_BYTES_MOST:
        raise ValueError("a secret has 24 to 64 bytes")
    return key


def private_text(seed: bytes) -> str:
    """An Ed25519 key as text: ``whsk_<base64 of seed and public key>``."""
    return PRIVATE_PREFIX + base64.b64encode(seed + _public(seed)).decode()


def seed_of(private: str) -> bytes:
    """The seed of ``whsk_<base64>``. Raises ValueError unless it holds a seed, or a seed and its public key."""
    if not private.startswith(PRIVATE_PREFIX):
        raise ValueError(f"a private key begins with {PRIVATE_PREFIX}")
    raw = base64.b64decode(private.removeprefix(PRIVATE_PREFIX), validate=True)
    seed = raw[:SEED_BYTES]
    if len(raw) not in (SEED_BYTES, 2 * SEED_BYTES) or raw[SEED_BYTES:] not in (b"", _public(seed)):
        raise ValueError("a private key is a seed of 32 bytes, and its public key")
    return seed


def public_text(seed: bytes) -> str:
    """The public key as partners get it: ``whpk_<base64>``."""
    return PUBLIC_PREFIX + base64.b64encode(_public(seed)).decode()


def headers(message_id: str, body: bytes, keys: Iterable[bytes], now: datetime) -> dict[str, str]:
    """The three headers, signed with each of the keys. Raises ValueError for an id that could be mistaken."""
    return _headers(message_id, body, keys, now, _signature)


def headers_by_seeds(message_id: str, body: bytes, seeds: Iterable[bytes], now: datetime) -> dict[str, str]:
    """The three headers, signed with each of the Ed25519 keys. Raises ValueError for an id that could be mistaken."""
    return _headers(message_id, body, seeds, now, _asymmetric)


def _headers(
    message_id: str, body: bytes, keys: Iterable[bytes], now: datetime, sign: Callable[..., str]
) -> dict[str, str]:
    if not _ID.fullmatch(message_id):
        raise ValueError("a message's id is of letters, digits, _ and -")
    seconds = str(int(now.timestamp()))
    signatures = (sign(key, message_id, seconds, body) for key in keys)
    return {ID: message_id, TIMESTAMP: seconds, SIGNATURE: " ".join(signatures)}


def require_signed(given: Mapping[str, str], body: bytes, keys: Iterable[bytes], now: datetime) -> str:
    """The message's id. ``given``: headers, whatever their case. Raises SignatureInvalid unless one of the keys has signed
    these very bytes within five minutes of ``now``."""
    named = {name.lower(): value for name, value in given.items()}
    message_id, seconds = named.get(ID, ""), named.get(TIMESTAMP, "")
    if not _ID.fullmatch(message_id) or not _SECONDS.fullmatch(seconds):
        raise SignatureInvalid
    if abs(now.timestamp() - int(seconds)) > TOLERANCE_SECONDS:
        raise SignatureInvalid
    signatures = [
        each.encode(errors="replace") for each in named.get(SIGNATURE, "").split(" ")[:SIGNATURES_MAX]
    ]
    right = False
    for key in keys:
        expected = _signature(key, message_id, seconds, body).encode()
        for signature in signatures:
            right |= hmac.compare_digest(expected, signature)
    if not right:
        raise SignatureInvalid
    return message_id


def _signature(key: bytes, message_id: str, seconds: str, body: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, _signed(message_id, seconds, body), "sha256")).decode()


def _asymmetric(seed: bytes, message_id: str, seconds: str, body: bytes) -> str:
    signature: bytes = _private(seed).sign(_signed(message_id, seconds, body))
    return "v1a," + base64.b64encode(signature).decode()


def _signed(message_id: str, seconds: str, body: bytes) -> bytes:
    return b".".join((message_id.encode(), seconds.encode(), body))


def _public(seed: bytes) -> bytes:
    public: bytes = _private(seed).public_key().public_bytes_raw()
    return public


def _private(seed: bytes) -> Any:
    # Loads OpenSSL: only where a message is signed.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    return Ed25519PrivateKey.from_private_bytes(seed)
