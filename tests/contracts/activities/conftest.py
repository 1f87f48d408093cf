"""The tables on real tables, a bucket that is a dict, and a member."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from puhui.activities import recording
from puhui.activities.acts.model import Activity
from puhui.activities.evidence import pictures, usecases
from puhui.activities.evidence.fingerprints import Fingerprints
from puhui.activities.evidence.model import Evidence, Picture
from puhui.activities.tables import Activities, Tables
from puhui.kernel import ids
from puhui.ledger.api import Balance, Ledger, member
from puhui.ledger.audit import audit
from puhui.store.client import DynamoDB

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SENT = NOW + timedelta(hours=2)  # when members send their acts: what began at NOW is over


@dataclass
class Shelf:
    """Pictures in memory, by object key: the port of the evidence bucket."""

    files: dict[str, bytes] = field(default_factory=dict)

    def upload(self, object_key: str, content_type: str, *_: object) -> dict[str, Any]:
        return {"url": "https://bucket.test", "fields": {"key": object_key, "Content-Type": content_type}}

    def address(self, object_key: str, _seconds: int) -> str:
        return f"https://bucket.test/{object_key}"

    def take(self, evidence: Evidence) -> Picture | None:
        if evidence.object_key not in self.files:
            if evidence.upload_key not in self.files:
                return None
            self.files[evidence.object_key] = self.files[evidence.upload_key]
        return pictures.look(self.files[evidence.object_key])


@dataclass
class Acts:
    """What a test does on a member's behalf."""

    tables: Tables
    shelf: Shelf
    member_id: str
    programme_id: str = "carbon-88"

    def of(self, member_id: str) -> "Acts":
        """The same for another member."""
        return Acts(self.tables, self.shelf, member_id, self.programme_id)

    def record(
        self, behaviour: str = "cycling", *, at: datetime = NOW, key: str | None = None, **more: Any
    ) -> Activity:
        quantity = more.get("quantity", {"distance_m": 2_000})
        evidence = more.get("evidence", ())
        body = (
            f"{behaviour}{at}{quantity}{evidence}{more.get('ended_at')}{more.get('track')}{more.get('meter')}"
        )
        command = recording.RecordActivity(
            more.get("member_id", self.member_id),
            more.get("programme", self.programme_id),
            behaviour,
            at,
            quantity,
            evidence,
            key,
            _hash(body),
            more.get("ended_at"),
            more.get("source"),
            track=more.get("track"),
            meter=more.get("meter"),
            device=more.get("device", ""),
        )
        return recording.record_activity(command, tables=self.tables, now=more.get("now", SENT))

    def photo(self, data: bytes, content_type: str = "image/jpeg", *, lie: bytes | None = None) -> str:
        announced = lie if lie is not None else data
        evidence, _, _ = usecases.prepare_evidence(
            self.member_id,
            content_type,
            len(announced),
            hashlib.sha256(announced).hexdigest(),
            key=None,
            body_hash="",
            repository=self.tables.activities.evidence,
            store=self.shelf,
            now=datetime.now(UTC),
        )
        self.shelf.files[evidence.upload_key] = data
        return evidence.id

    def inspect(self, evidence_id: str, now: datetime = NOW) -> dict[str, Any]:
        """What verification finds in a picture; a process of its own each time."""
        activities = self.tables.activities
        return usecases.inspect_evidence(
            self.member_id,
            evidence_id,
            repository=activities.evidence,
            fingerprints=Fingerprints(activities.dynamodb, activities.table),
            store=self.shelf,
            now=now,
        )

    def balance(self) -> Balance:
        return self.tables.ledger.balance(member(self.member_id), self.programme_id)

    def points(self) -> int:
        return self.balance().points(NOW.date())

    def sound(self) -> bool:
        return audit(self.tables.ledger).sound


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(autouse=True)
def _no_chance_draws_a_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "test")


@pytest.fixture(autouse=True)
def _what_lets_an_act_in(members_are_believed: None) -> None:
    """Most tests are about what happens to an act, whatever shows it; test_mere_word.py is about that."""


@pytest.fixture
def acts(make_table: Callable[[str], str]) -> Acts:
    dynamodb = DynamoDB()
    tables = Tables(Activities(dynamodb, make_table("activities")), Ledger(dynamodb, make_table("ledger")))
    return Acts(tables, Shelf(), ids.new_id(NOW - timedelta(days=60)))


@pytest.fixture
def forest(acts: Acts) -> Acts:
    """A member of Ant Forest: an act matures a day after it happened and waits three days."""
    return Acts(acts.tables, acts.shelf, acts.member_id, "ant-forest")
