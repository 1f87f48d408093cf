"""The log's key in AWS KMS (key spec ECC_NIST_EDWARDS25519): it signs there and never leaves."""

import base64
from dataclasses import dataclass

from puhui.store import aws
from puhui.tlog.notes import ED25519, Key


@dataclass(frozen=True)
class KmsSigner:
    """Signs with the KMS key ``key_id``; ``public`` is its public half, 32 bytes, which the policy publishes."""

    name: str
    key_id: str
    public: bytes

    @property
    def key(self) -> Key:
        """The public half."""
        return Key(self.name, ED25519, self.public)

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over ``message`` (at most 4,096 bytes; a checkpoint has about 100)."""
        answer = aws.call(
            "kms",
            "Sign",
            {
                "KeyId": self.key_id,
                "Message": base64.b64encode(message).decode(),
                "MessageType": "RAW",
                "SigningAlgorithm": "ED25519_SHA_512",
            },
        )
        return base64.b64decode(answer["Signature"])
