"""Programmes that were started since the layer was built: read from the table that PROGRAMMES_TABLE names, and kept for a
minute, so that a new version counts acts everywhere within that time. Without the variable there are none."""

import os
import time
from functools import lru_cache
from typing import Any

SECONDS = 60
KEPT = 1024
_kept: dict[str, tuple[dict[str, Any] | None, float]] = {}


def running(programme_id: str) -> dict[str, Any] | None:
    """The document of a programme that is running, as it was at most SECONDS ago."""
    name = os.environ.get("PROGRAMMES_TABLE")
    if not name:
        return None
    now = time.monotonic()
    found, asked = _kept.get(programme_id, (None, -SECONDS))
    if now - asked >= SECONDS:
        found = _table(name).running(programme_id)
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[programme_id] = found, now
    return found


def all_running() -> list[dict[str, Any]]:
    """The documents of all that are running now."""
    name = os.environ.get("PROGRAMMES_TABLE")
    return _table(name).all_running() if name else []


@lru_cache(1)
def _table(_name: str) -> Any:
    from puhui.programmes.dynamo import Programmes  # noqa: PLC0415 only where there is a table

    return Programmes.from_environment()
