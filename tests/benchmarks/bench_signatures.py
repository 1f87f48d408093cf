"""Signatures of partners' requests checked per second on one core: ours beside bare ``cryptography`` and ``http-message-signatures``."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

from infra.local.partner import records
from puhui.partners.data_partners import http_signatures
from puhui.partners.data_partners.http_signatures import Sent

ROUNDS = 2_000
URL = "https://api.puhui.example/v1/partner/activities"
BODY = b"x" * 2048


class _Keys(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> Any:  # noqa: ARG002 its interface
        return records.private_key("demo-metro")

    def resolve_public_key(self, key_id: str) -> Any:  # noqa: ARG002
        return _PUBLIC


class _Message:
    method, url = "POST", URL

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = {name.title(): value for name, value in headers.items()}


_PUBLIC = records.private_key("demo-metro").public_key()


def run() -> dict[str, Any]:
    """Figures by name."""
    headers = records.signed("demo-metro", "POST", URL, BODY)
    sent = Sent("POST", "api.puhui.example", "/v1/partner/activities", "", headers, BODY)
    raw, now = _PUBLIC.public_bytes_raw(), datetime.now(UTC)
    signature = http_signatures.read(sent)
    base = http_signatures.base(signature.covered, sent)
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys())
    message = _Message(headers)

    def ours() -> None:
        http_signatures.check(http_signatures.read(sent), sent, raw, now)

    def bare() -> None:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature.value, base)

    def theirs() -> None:
        verifier.verify(message, expect_tag=http_signatures.TAG, body=BODY)

    figures = {
        "ours /s of CPU": _rate(ours),
        "cryptography alone /s of CPU": _rate(bare),
        "http-message-signatures /s of CPU": _rate(theirs),
    }
    share = figures["ours /s of CPU"] / figures["cryptography alone /s of CPU"]
    return {**figures, "ours, of cryptography alone (aim 0.4)": round(share, 2)}


def _rate(check: Callable[[], None]) -> int:
    check()
    started = time.process_time()
    for _ in range(ROUNDS):
        check()
    return round(ROUNDS / (time.process_time() - started))
