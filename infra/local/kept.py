"""What the emulator has acknowledged, in one SQLite file beside it: written before the answer goes out.

A killed process loses nothing that is in here: the operating system keeps what was written. Only a power cut could, since
nothing waits for the disk (``synchronous = OFF``), which keeps the emulator's speed.
"""

import copy
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BROKEN = 74  # EX_IOERR
_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA wal_autocheckpoint = 10000;
CREATE TABLE IF NOT EXISTS services (name TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (place TEXT, pk TEXT, sk TEXT, item TEXT NOT NULL, PRIMARY KEY (place, pk, sk));
CREATE TABLE IF NOT EXISTS records (place TEXT, number INTEGER, record TEXT NOT NULL, PRIMARY KEY (place, number));
CREATE TABLE IF NOT EXISTS entries (store TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (store, key));
"""
_log = logging.getLogger("kept")


class Kept:
    """``services`` are snapshots, replaced all at once. ``items`` and ``records`` of tables and ``entries`` of other
    stores follow each change."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._database.executescript(_TABLES)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is written in the block is there whole after a kill, or not at all; other threads wait.

        A disk that does not take it ends the process: nothing may be acknowledged that is not kept.
        """
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._database.in_transaction:
                    self._do("COMMIT")

    def put(self, place: str, pk: str, sk: str, item: Any) -> None:
        self._do("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", place, pk, sk, json.dumps(item))

    def remove(self, place: str, pk: str, sk: str) -> None:
        self._do("DELETE FROM items WHERE place = ? AND pk = ? AND sk = ?", place, pk, sk)

    def items(self) -> Iterator[tuple[str, str, str, Any]]:
        for place, pk, sk, item in self._rows("SELECT place, pk, sk, item FROM items"):
            yield place, pk, sk, json.loads(item)

    def append(self, place: str, number: int, record: Any) -> None:
        """A change of a table, the ``number``-th of its stream."""
        self._do("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", place, number, json.dumps(record))

    def consumed(self, place: str, before: int) -> None:
        """All changes before this number are with all who wait for them."""
        self._do("DELETE FROM records WHERE place = ? AND number < ?", place, before)

    def records(self) -> Iterator[tuple[str, int, Any]]:
        for place, number, record in self._rows(
            "SELECT place, number, record FROM records ORDER BY place, number"
        ):
            yield place, number, json.loads(record)

    def forget_table(self, place: str) -> None:
        """Its items and its stream."""
        with self.at_once():
            self._do("DELETE FROM items WHERE place = ?", place)
            self._do("DELETE FROM records WHERE place = ?", place)

    def tables(self) -> set[str]:
        return {place for (place,) in self._rows("SELECT place FROM items UNION SELECT place FROM records")}

    def set(self, store: str, key: Any, value: Any) -> None:
        """``key`` is text, or a tuple of texts and None."""
        self._do("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", store, json.dumps(key), json.dumps(value))

    def unset(self, store: str, key: Any) -> None:
        self._do("DELETE FROM entries WHERE store = ? AND key = ?", store, json.dumps(key))

    def entries(self, store: str) -> Iterator[tuple[Any, Any]]:
        for key, value in self._rows("SELECT key, value FROM entries WHERE store = ?", store):
            yield _tuples(json.loads(key)), json.loads(value)

    def save(self, name: str, state: str) -> None:
        """The snapshot of a service."""
        self._do("INSERT OR REPLACE INTO services VALUES (?, ?)", name, state)

    def state(self, name: str) -> str | None:
        return next(
            (state for (state,) in self._rows("SELECT state FROM services WHERE name = ?", name)), None
        )

    def _do(self, statement: str, *values: object) -> None:
        with self._lock:
            try:
                if self._depth and not self._database.in_transaction:
                    self._database.execute("BEGIN")
                self._database.execute(statement, values)
            except sqlite3.Error as error:
                _log.critical("What was written cannot be kept (%s): the emulator ends.", error)
                os._exit(BROKEN)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()


class Watched(dict[Any, Any]):
    """A dictionary whose changes are kept under ``store``."""

    def __init__(self, start: dict[Any, Any], kept: Kept, store: str) -> None:
        super().__init__(start)
        self._kept, self._store = kept, store

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._kept.set(self._store, key, value)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._kept.unset(self._store, key)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: Any, *default: Any) -> Any:
        if key in self:
            self._kept.unset(self._store, key)
        return super().pop(key, *default)

    def update(self, other: Any = (), **more: Any) -> None:  # type: ignore[override]
        for key, value in dict(other, **more).items():
            self[key] = value

    def __deepcopy__(self, memo: Any) -> dict[Any, Any]:
        return copy.deepcopy(dict(self), memo)

    def clear(self) -> None:
        for key in list(self):
            del self[key]


def _tuples(key: Any) -> Any:
    return tuple(_tuples(each) for each in key) if isinstance(key, list) else key
