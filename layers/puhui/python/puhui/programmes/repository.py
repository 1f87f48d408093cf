"""The programmes' table: the only file that knows its keys and attributes. Of programmes that ship with the layer it
has what was decided, and versions that took their place.

| item     | programme (hash) | entry (range) | holds |
|----------|------------------|---------------|-------|
| filed    | P#<id>           | V#<version>   | text, hash, author, status, started_by, at; key: of the request that started it |
| running  | running          | <id>          | what holds: hash, text of the version that counts acts (none: the layer's); gates, closes_at, because; v |
| proposal | P#<id>           | D#<subject>   | wanted, reason, by, at, number, status, approved_by, approved_at |
"""

import os

from puhui.programmes.decisions import Proposal, RunningState
from puhui.programmes.filing import Filed
from puhui.store.client import DynamoDB
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item
from puhui.store.versions import put_next

RUNNING_KEY = "running"
FILED = Record(
    Filed,
    hash_key="programme",
    owner="P#{id}",
    entry="V#{version}",
    names={"document": "text", "started_key": "key"},
    always=("status", "started_by"),
)
RUNNING = Record(
    RunningState,
    hash_key="programme",
    owner=RUNNING_KEY,
    entry="{id}",
    names={"document": "text", "closed_because": "because", "version": "v"},
    always=("gates", "version"),
)
PROPOSAL = Record(
    Proposal,
    hash_key="programme",
    owner="P#{programme_id}",
    entry="D#{subject}",
    always=("status",),
)


class Programmes:
    """Filed and running programmes in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Programmes":
        """The table that PROGRAMMES_TABLE names."""
        return cls(DynamoDB(), os.environ["PROGRAMMES_TABLE"])

    def filed(self, programme_id: str, version: str) -> Filed | None:
        """A version, whatever its status."""
        item = self.dynamodb.get(self.table, FILED.key(id=programme_id, version=version))
        return FILED.read(item) if item else None

    def running(self, programme_id: str) -> RunningState | None:
        """What was started and decided of a programme."""
        item = self.dynamodb.get(self.table, RUNNING.key(id=programme_id))
        return RUNNING.read(item) if item else None

    def all_running(self) -> list[RunningState]:
        """The same of all programmes, in the order of their ids."""
        found: list[RunningState] = []
        start: Item | None = None
        while True:
            items, start = self.dynamodb.query(self.table, "programme = :r", {":r": RUNNING_KEY}, start=start)
            found += map(RUNNING.read, items)
            if start is None:
                return found

    def proposal(self, programme_id: str, subject: str) -> Proposal | None:
        """What was proposed last on a subject."""
        item = self.dynamodb.get(self.table, PROPOSAL.key(programme_id=programme_id, subject=subject))
        return PROPOSAL.read(item) if item else None

    def proposals(self, programme_id: str) -> list[Proposal]:
        """What was proposed last on each subject of a programme."""
        items = self.dynamodb.all_entries(self.table, ("programme", f"P#{programme_id}"), "D#")
        return [PROPOSAL.read(item) for item in items]

    def put_filed(self, session: Session, before: Filed | None, after: Filed) -> None:
        """Write a version over the one that was read."""
        session.put(
            self.table,
            FILED.item(after),
            condition="#hash = :hash AND #status = :status" if before else "attribute_not_exists(entry)",
            values={":hash": before.hash, ":status": before.status} if before else None,
            names={"#hash": "hash", "#status": "status"} if before else None,
            error=OptimisticLockFailed(),
        )

    def put_running(self, session: Session, state: RunningState) -> None:
        """Write what holds of a programme over the version that was read."""
        put_next(session, self.table, RUNNING, state)

    def put_proposal(self, session: Session, before: Proposal | None, after: Proposal) -> None:
        """Write a proposal over the one that was read."""
        session.put(
            self.table,
            PROPOSAL.item(after),
            condition="#number = :number AND #status = :status" if before else "attribute_not_exists(entry)",
            values={":number": before.number, ":status": before.status} if before else None,
            names={"#number": "number", "#status": "status"} if before else None,
            error=OptimisticLockFailed(),
        )
