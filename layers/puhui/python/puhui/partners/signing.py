"""Standard Webhooks 1.0.0, symmetric scheme: HMAC-SHA256 of ``id.timestamp.body``, as ``v1,<base64>``.

The published library for Python reads its own clock, knows one secret at a time and lets a malformed header through as a
ValueError; hence these few lines, which the tests check against the library.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from puhui.partners.errors import SignatureInvalid

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
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


def headers(message_id: str, body: bytes, keys: Iterable[bytes], now: datetime) -> dict[str, str]:
    """The three headers, signed with each of the keys. Raises ValueError for an id that could be mistaken."""
    if not _ID.fullmatch(message_id):
        raise ValueError("a message's id is of letters, digits, _ and -")
    seconds = str(int(now.timestamp()))
    signatures = (_signature(key, message_id, seconds, body) for key in keys)
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
    signed = b".".join((message_id.encode(), seconds.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
