"""What functions build once, from environment variables."""

import base64
import hmac
import os

from puhui.store import secrets
from puhui.store.cursors import Cursors


def cursors() -> Cursors:
    """Cursors signed with the secret that CURSOR_SECRET names: {"key": base64}."""
    return Cursors(_key())


def key_for(purpose: str) -> bytes:
    """A key of its own for a purpose, derived from the secret that CURSOR_SECRET names: for names that lead back to nothing."""
    return hmac.digest(_key(), f"key for {purpose}".encode(), "sha256")


def _key() -> bytes:
    return base64.b64decode(secrets.read(os.environ["CURSOR_SECRET"])["key"])
