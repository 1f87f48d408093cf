"""Versions and factors that were published after the layer was built, for the functions that quantify by them.

A version's document is read once and kept: it never changes. Whether it was withdrawn is asked again after
STATUS_SECONDS, so a withdrawal reaches every function within that time. So do factors: those of a quantity are read again
after as long.
"""

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from puhui.methodologies import registry
from puhui.methodologies.lifecycle import PUBLIC, WITHDRAWN
from puhui.methodologies.model import Factor
from puhui.methodologies.repository import Methodologies

STATUS_SECONDS = 300
STATUSES_KEPT = 1024
FACTORS_KEPT = 1024


class Published:
    """The registry's source: what the table says of published versions. ``seconds`` tells the time."""

    def __init__(self, table: Methodologies, seconds: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._seconds = seconds
        self._statuses: dict[tuple[str, str], tuple[str, float]] = {}
        self._records: dict[str, Factor] = {}
        self._factors: dict[str, tuple[tuple[Factor, ...], float]] = {}

    def document(self, methodology_id: str, version: str) -> dict[str, Any] | None:
        """The document of a version that was published, whatever became of it since."""
        found = self._table.version(methodology_id, version)
        if found is None or found.status not in PUBLIC:
            return None
        self._keep((methodology_id, version), found.status)
        return self._table.document(methodology_id, found.hash)

    def withdrawn(self, methodology_id: str, version: str) -> bool:
        """Whether it counts no new acts, as known for at most STATUS_SECONDS."""
        status, asked = self._statuses.get((methodology_id, version), ("", 0.0))
        if status == WITHDRAWN:
            return True
        if not status or self._seconds() - asked >= STATUS_SECONDS:
            found = self._table.version(methodology_id, version)
            status = found.status if found else ""
            self._keep((methodology_id, version), status)
        return status == WITHDRAWN

    def factors(self, quantity: str) -> tuple[Factor, ...]:
        """The records of a quantity that are in force, as known for at most STATUS_SECONDS."""
        found, asked = self._factors.get(quantity, ((), 0.0))
        if quantity not in self._factors or self._seconds() - asked >= STATUS_SECONDS:
            records = self._table.as_factors().records(quantity)
            read = tuple(registry.factor_from(each) for each in records.values())
            found = found if read == found else read  # the same objects: what was bound to them stays
            if len(self._factors) >= STATUSES_KEPT:
                self._factors.clear()
            self._factors[quantity] = found, self._seconds()
        return found

    def factor(self, key: str) -> Factor | None:
        """A record that was published, whatever became of it since."""
        if key in self._records:
            return self._records[key]
        factor_id, _, version = key.partition("@")
        table = self._table.as_factors()
        found = table.version(factor_id, version)
        if found is None or found.status not in PUBLIC:
            return None
        if len(self._records) >= FACTORS_KEPT:
            self._records.clear()
        self._records[key] = registry.factor_from(table.document(factor_id, found.hash))
        return self._records[key]

    def forget(self) -> None:
        """Ask again for all that can change."""
        self._statuses.clear()
        self._factors.clear()

    def _keep(self, key: tuple[str, str], status: str) -> None:
        if len(self._statuses) >= STATUSES_KEPT:
            self._statuses.clear()
        self._statuses[key] = status, self._seconds()


class _FromEnvironment:
    """The source that METHODOLOGIES_TABLE names at the time of the call; nothing without it."""

    def document(self, methodology_id: str, version: str) -> dict[str, Any] | None:
        source = _source()
        return source.document(methodology_id, version) if source else None

    def withdrawn(self, methodology_id: str, version: str) -> bool:
        source = _source()
        return source.withdrawn(methodology_id, version) if source else False

    def factors(self, quantity: str) -> tuple[Factor, ...]:
        source = _source()
        return source.factors(quantity) if source else ()

    def factor(self, key: str) -> Factor | None:
        source = _source()
        return source.factor(key) if source else None

    def forget(self) -> None:
        if source := _source():
            source.forget()


def from_environment() -> None:
    """Let the registry also find what the table METHODOLOGIES_TABLE holds. Functions call it once, when they start."""
    registry.also_from(_FromEnvironment())


def table() -> Methodologies | None:
    """The table that METHODOLOGIES_TABLE names; None without one (programs that only know what is in the layer)."""
    return Methodologies.from_environment() if os.environ.get("METHODOLOGIES_TABLE") else None


def _source() -> Published | None:
    name = os.environ.get("METHODOLOGIES_TABLE")
    return _source_of(name) if name else None


@lru_cache(1)
def _source_of(_name: str) -> Published:
    return Published(Methodologies.from_environment())
