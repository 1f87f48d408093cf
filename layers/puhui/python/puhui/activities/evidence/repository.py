"""Evidence and content checks in the activities' table.

| item     | owner (hash)     | entry (range)   | holds |
|----------|------------------|-----------------|-------|
| evidence | member:<id>      | E#<evidence id> | what was announced; used_by |
| check    | trace:<trace id> | check           | verdict and task token of a content check |
"""

from collections.abc import Mapping
from typing import Any

from puhui.activities.evidence.errors import EvidenceFree, EvidenceNotFound
from puhui.activities.evidence.model import Evidence
from puhui.store.client import DynamoDB
from puhui.store.conditions import SameRequest
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

EVIDENCE = Record(
    Evidence,
    owner="member:{member_id}",
    entry="E#{id}",
    names={"prepared_at": "prepared"},
    always=("used_by", "body_hash"),
)


class EvidenceRepository:
    """Announced pictures and the platform's checks of them."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, member_id: str, evidence_id: str) -> Evidence:
        """A member's evidence. Raises EvidenceNotFound, also when it is somebody else's."""
        item = self.dynamodb.get(self.table, EVIDENCE.key(member_id=member_id, id=evidence_id))
        if item is None:
            raise EvidenceNotFound(evidence_id=evidence_id)
        return EVIDENCE.read(item)

    def add(self, session: Session, evidence: Evidence) -> None:
        """Announce evidence, once."""
        error = SameRequest(body_hash=evidence.body_hash)
        session.put(self.table, EVIDENCE.item(evidence), unless="entry", error=error)

    def use(self, session: Session, member_id: str, evidence_id: str, activity_id: str) -> None:
        """Tie evidence to an activity: it is the member's, and no other activity has it."""
        session.update(
            self.table,
            EVIDENCE.key(member_id=member_id, id=evidence_id),
            "SET used_by = :a",
            {":a": activity_id, ":none": ""},
            condition="used_by = :none",
            error=EvidenceFree(evidence_id=evidence_id),
        )

    def add_to_check(self, trace_id: str, values: Mapping[str, Any]) -> Item:
        """Add what is known of a content check; the whole check. Our task token and the platform's verdict come in either order."""
        names = {f"#n{n}": name for n, name in enumerate(values)}
        return self.dynamodb.update(
            self.table,
            {"owner": f"trace:{trace_id}", "entry": "check"},
            "SET " + ", ".join(f"#n{n} = :v{n}" for n in range(len(values))),
            {f":v{n}": value for n, value in enumerate(values.values())},
            names=names,
        )
