"""WeChat's cryptography: encrypted user data, signatures of raw data and sessions, signatures and ciphers of
pushes.

Sources: "Signature verification and decryption of open data" and "Message push" of the mini-program
documents; the published vectors are tests (tests/support/wechat_vectors.json).
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from puhui.kernel.clock import CLOCK_SKEW
from puhui.wechat.errors import DataMalformed, DataOld, PushRefused, SessionStale

AES_BLOCK = 16
PUSH_BLOCK = 32  # pushes pad to 32 bytes, although AES works on 16
DATA_BYTES_MAX = 64 * 1024
WATERMARK_AGE_MAX = timedelta(minutes=10)
_RANDOM_BYTES, _LENGTH_BYTES = 16, 4


def decrypt_user_data(
    encrypted_data: str, iv: str, session_key: str, *, app_id: str, now: datetime
) -> dict[str, Any]:
    """The JSON object inside ``encryptedData`` (AES-128-CBC, PKCS#7).

    A wrong key shows as wrong padding or as garbage, and both look the same to the caller, who learns nothing about the
    key from them. Raises SessionStale only then; DataMalformed when what was opened is another app's or has no
    watermark, DataOld when the watermark is older than ten minutes or ahead of our clock.
    """
    try:
        key, vector = _base64(session_key), _base64(iv)
        data = _base64(encrypted_data, DATA_BYTES_MAX)
        plain = _unpad(_aes_cbc(key, vector, data, key_bytes=16), AES_BLOCK)
        content = json.loads(plain.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise SessionStale from None
    if not isinstance(content, dict):  # WeChat writes objects only: the key was another one
        raise SessionStale
    opened: dict[str, Any] = content
    _check_watermark(opened, app_id, now)
    return opened


def push_signature(token: str, *parts: str) -> str:
    """The signature of a push: hex SHA-1 of the sorted token, timestamp, nonce (and, encrypted, the
    ciphertext)."""
    return hashlib.sha1("".join(sorted((token, *parts))).encode()).hexdigest()  # noqa: S324 WeChat's choice


def push_signature_holds(signature: str, token: str, *parts: str) -> bool:
    """Whether ``signature`` is the push's, compared in constant time."""
    return _same(push_signature(token, *parts), signature)


class PushCipher:
    """Safe mode: AES-256-CBC over 16 random bytes, the length, the message and the app id."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        try:
            self._key = _base64(encoding_aes_key + "=")
        except ValueError:
            self._key = b""
        if len(self._key) != 32:
            raise ValueError("EncodingAESKey has 43 characters of base64")
        self._app_id = app_id.encode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message. Raises PushRefused when it was not encrypted with our key for our app."""
        try:
            plain = _aes_cbc(
                self._key, self._key[:AES_BLOCK], _base64(encrypted, 2 * 256 * 1024), key_bytes=32
            )
            plain = _unpad(plain, PUSH_BLOCK)
        except ValueError:
            raise PushRefused from None
        start = _RANDOM_BYTES + _LENGTH_BYTES
        end = start + int.from_bytes(plain[_RANDOM_BYTES:start])
        if len(plain) < start or end > len(plain) or not hmac.compare_digest(plain[end:], self._app_id):
            raise PushRefused
        return plain[start:end]

    def encrypt(self, message: bytes, random: bytes | None = None) -> str:
        """``message`` for the platform. ``random`` (16 bytes) is given only by tests."""
        prefix = os.urandom(_RANDOM_BYTES) if random is None else random
        plain = prefix + len(message).to_bytes(_LENGTH_BYTES) + message + self._app_id
        padding = PUSH_BLOCK - len(plain) % PUSH_BLOCK
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:AES_BLOCK])).encryptor()
        return base64.b64encode(
            encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        ).decode()


def _aes_cbc(key: bytes, vector: bytes, data: bytes, *, key_bytes: int) -> bytes:
    if len(key) != key_bytes or len(vector) != AES_BLOCK or not data or len(data) % AES_BLOCK:
        raise ValueError("not AES-CBC")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _unpad(padded: bytes, block: int) -> bytes:
    count = padded[-1]
    if not 0 < count <= min(block, len(padded)) or padded[-count:] != bytes([count]) * count:
        raise ValueError("wrong padding")
    return padded[:-count]


def _base64(text: str, bytes_max: int = 256) -> bytes:
    if len(text) > bytes_max * 4 // 3 + 4:
        raise ValueError("too long")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _check_watermark(content: dict[str, Any], app_id: str, now: datetime) -> None:
    watermark = content.get("watermark")
    if not isinstance(watermark, dict) or watermark.get("appid") != app_id:
        raise DataMalformed(
            detail_zh="水印不是本小程序的", detail_en="its watermark is not this mini-program's"
        )
    taken = watermark.get("timestamp")
    if not isinstance(taken, int) or isinstance(taken, bool):
        raise DataMalformed(detail_zh="水印没有时间", detail_en="its watermark has no time")
    age = now.timestamp() - taken
    if not -CLOCK_SKEW.total_seconds() <= age <= WATERMARK_AGE_MAX.total_seconds():
        raise DataOld


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode())
