"""The life cycle on real tables: people, a document to file, and what they do."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from puhui.methodologies import filing, procedure, registry
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.procedure import Command
from puhui.methodologies.published import Published
from puhui.methodologies.repository import Methodologies
from puhui.store.client import DynamoDB

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
CITY = Officer("city", frozenset({"authority_city"}))
COLLEAGUE = Officer("colleague", frozenset({"authority_city"}))
PROVINCE = Officer("province", frozenset({"authority_province"}))
OTHER_PROVINCE = Officer("other-province", frozenset({"authority_province"}))
DOCUMENT: dict[str, Any] = {
    "id": "lights-off",
    "version": "7",
    "published_on": "2026-11-21",
    "name": {"zh-CN": "随手关灯", "en": "Lights off"},
    "applicability": {"zh-CN": "离开房间时关灯。", "en": "Lights turned off on leaving a room."},
    "inputs": [
        {
            "name": "times",
            "unit": "act",
            "min": 1,
            "max": 20,
            "label": {"zh-CN": "次数", "en": "times"},
        }
    ],
    "formula": {
        "text": "nine tenths of what each time avoids",
        "factors": {"each": "lights-off"},
        "lines": [{"name": "baseline", "formula": "times * each"}],
        "discount": "0.1",
    },
    "rounding": "down to whole mg of CO2e",
    "act": {"zh-CN": "关灯 {times} 次", "en": "Lights off: {times}"},
    "test_vectors": [
        {
            "profile": "seed-2023",
            "region": "CN",
            "occurred_on": "2026-11-20",
            "inputs": {"times": 2},
            "reduction_mg": 117900,
        }
    ],
}


def document(version: str = "7", **changes: Any) -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT) | {"version": version} | changes


@dataclass
class Office:
    """What officers do, all of it about one methodology."""

    table: Methodologies
    now: datetime = NOW

    def _command(self, officer: Officer, key: str | None, body: str) -> Command:
        return Command(officer, self.now, key, body)

    def file(
        self,
        filed: dict[str, Any] | None = None,
        by: Officer = CITY,
        *,
        key: str | None = None,
        place: str = "CN-GD",
    ) -> dict[str, Any]:
        filed = filed or document()
        command = self._command(by, key, str(filed))
        return procedure.file(filed, place, command, check=filing.methodology, table=self.table)

    def review(
        self,
        decision: Any = "approve",
        by: Officer = COLLEAGUE,
        *,
        version: str = "7",
        read: str = "",
        key: str | None = None,
    ) -> dict[str, Any]:
        read = read or self.draft(version)["hash"]
        note = "" if decision == "approve" else "no source"
        command = self._command(by, key, f"{decision}{read}")
        return procedure.review("lights-off", version, decision, read, note, command, table=self.table)

    def publish(
        self, by: Officer = PROVINCE, *, version: str = "7", read: str = "", key: str | None = None
    ) -> dict[str, Any]:
        read = read or self.draft(version)["hash"]
        return procedure.publish(
            "lights-off", version, read, "", self._command(by, key, read), table=self.table
        )

    def withdraw(self, by: Officer = PROVINCE, *, version: str = "7") -> dict[str, Any]:
        command = self._command(by, None, "")
        return procedure.withdraw("lights-off", version, "the factor was wrong", command, table=self.table)

    def draft(self, version: str = "7") -> dict[str, Any]:
        return procedure.get_draft("lights-off", version, table=self.table)

    def bring(self, version: str = "7", **changes: Any) -> dict[str, Any]:
        """File, approve and publish a version."""
        self.file(document(version, **changes))
        self.review(version=version)
        return self.publish(version=version)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, wait: timedelta) -> None:
        self.seconds += wait.total_seconds()


@pytest.fixture
def office(make_table: Callable[[str], str]) -> Office:
    return Office(Methodologies(DynamoDB(), make_table("methodologies")))


@pytest.fixture
def seconds(office: Office) -> Iterator[Clock]:
    """The registry knows the office's table; the clock of its cache."""
    clock = Clock()
    before = registry._sources[0]
    registry.also_from(Published(office.table, clock))
    yield clock
    registry.also_from(before)
