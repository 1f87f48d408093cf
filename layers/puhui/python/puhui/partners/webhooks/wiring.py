"""The keys' seal, as the environment of a function names it."""

import os
from functools import cache

from puhui.store import secrets
from puhui.store.sealing import Sealer


@cache
def sealer() -> Sealer:
    """By the secret that DATA_SECRET names, read when a key is made or used first."""
    return Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))
