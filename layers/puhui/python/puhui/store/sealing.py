"""Sealing what identifies a person: AES-256-GCM, bound to the owner and the attribute it belongs to."""

import base64
import hmac
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"  # the key's version: a rotation adds a key and seals with the newest
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Sealer:
    """Seals and opens with one key; ``pepper`` turns an openid into the name under which it is looked up."""

    key: bytes = field(repr=False)
    pepper: bytes = field(repr=False)

    @classmethod
    def from_secret(cls, secret: dict[str, Any]) -> "Sealer":
        """The sealer of the data secret: {"key", "pepper"}, both base64."""
        return cls(base64.b64decode(secret["key"]), base64.b64decode(secret["pepper"]))

    def seal(self, text: str, owner: str, attribute: str) -> bytes:
        """Ciphertext that opens only for this owner and attribute."""
        nonce = os.urandom(_NONCE_BYTES)
        return VERSION + nonce + AESGCM(self.key).encrypt(nonce, text.encode(), _place(owner, attribute))

    def open(self, sealed: bytes, owner: str, attribute: str) -> str:
        """The text. Raises InvalidTag when it was changed or belongs elsewhere, ValueError for an unknown key."""
        if sealed[:1] != VERSION:
            raise ValueError("sealed with a key that is not here")
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return AESGCM(self.key).decrypt(nonce, body, _place(owner, attribute)).decode()

    def name_of(self, openid: str) -> str:
        """Under which an openid is found, without saying what it is."""
        return hmac.digest(self.pepper, openid.encode(), "sha256").hex()


def _place(owner: str, attribute: str) -> bytes:
    return f"{owner}:{attribute}".encode()
