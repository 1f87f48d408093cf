"""What was started and decided of programmes since the layer was built: read from the table that PROGRAMMES_TABLE names, and kept
for a minute, so that a new version, a gate or an end holds everywhere within that time. Without the variable there is nothing."""

import os
import time
from functools import lru_cache
from typing import Any

from puhui.programmes.decisions import RunningState

SECONDS = 60
KEPT = 1024
_kept: dict[str, tuple[RunningState | None, float]] = {}
_versions: dict[tuple[str, str], dict[str, Any]] = {}


def running_state(programme_id: str) -> RunningState | None:
    """What holds of a programme, as it was at most SECONDS ago."""
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


def version(programme_id: str, version: str) -> dict[str, Any] | None:
    """The document of a version that was started once; it never changes."""
    name = os.environ.get("PROGRAMMES_TABLE")
    if not name:
        return None
    if (programme_id, version) not in _versions:
        filed = _table(name).filed(programme_id, version)
        if filed is None or not filed.started_by:
            return None
        if len(_versions) >= KEPT:
            _versions.clear()
        _versions[programme_id, version] = dict(filed.document)
    return _versions[programme_id, version]


def all_running() -> dict[str, RunningState]:
    """What holds of all programmes now."""
    name = os.environ.get("PROGRAMMES_TABLE")
    return {each.id: each for each in _table(name).all_running()} if name else {}


@lru_cache(1)
def _table(_name: str) -> Any:
    from puhui.programmes.repository import Programmes  # noqa: PLC0415 only where there is a table

    return Programmes.from_environment()
