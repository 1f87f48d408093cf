"""The platform's side of the cryptography: it encrypts what the backend decrypts, and signs what it
verifies."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def new_session_key() -> str:
    """16 random bytes as base64."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


def user_data(content: dict[str, Any], session_key: str) -> dict[str, str]:
    """``encrypted_data`` and ``iv`` as wx.getWeRunData gives them."""
    vector = secrets.token_bytes(16)
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    encrypted = _cbc(base64.b64decode(session_key), vector, _padded(plain, 16))
    return {"encrypted_data": encrypted, "iv": base64.b64encode(vector).decode()}


def session_signature(session_key: str) -> str:
    """What checksession expects: HMAC-SHA256 of nothing under the session key's text."""
    return hmac.new(session_key.encode(), b"", hashlib.sha256).hexdigest()


def push_signature(*parts: str) -> str:
    """SHA-1 of the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 the platform's choice


def sealed(message: bytes, aes_key: str, app_id: str) -> str:
    """A push in safe mode."""
    key = base64.b64decode(aes_key + "=")
    plain = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + app_id.encode()
    return _cbc(key, key[:16], _padded(plain, 32))


def _cbc(key: bytes, vector: bytes, plain: bytes) -> str:
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def _padded(plain: bytes, block: int) -> bytes:
    count = block - len(plain) % block
    return plain + bytes([count]) * count
