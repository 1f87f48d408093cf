"""Standard Webhooks as a partner would write it: https://www.standardwebhooks.com."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

TOLERANCE_SECONDS = 300


def signed(secrets: Sequence[str], message_id: str, body: bytes) -> dict[str, str]:
    """The headers of a message, signed with every secret."""
    at = str(int(time.time()))
    given = " ".join(_signature(secret, message_id, at, body) for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": given}


def holds(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the secrets has signed this within five minutes."""
    message_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not at.isdigit() or abs(time.time() - int(at)) > TOLERANCE_SECONDS:
        return False
    given = headers.get("webhook-signature", "").split()
    right = [_signature(secret, message_id, at, body) for secret in secrets]
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in right for other in given)


def _signature(secret: str, message_id: str, at: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()
