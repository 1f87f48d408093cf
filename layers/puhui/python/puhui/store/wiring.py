"""What functions build once, from environment variables."""

import base64
import os

from puhui.store import secrets
from puhui.store.cursors import Cursors


def cursors() -> Cursors:
    """Cursors signed with the secret that CURSOR_SECRET names: {"key": base64}."""
    return Cursors(base64.b64decode(secrets.read(os.environ["CURSOR_SECRET"])["key"]))
