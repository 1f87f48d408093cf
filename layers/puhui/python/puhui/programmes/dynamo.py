"""The programmes' table: the only file that knows its keys and attributes. Of programmes that ship with the layer it
has what was decided, and versions that took their place.

| item    | programme (hash) | entry (range) | holds |
|---------|------------------|---------------|-------|
| filed   | P#<id>           | V#<version>   | text (canonical), hash, author, status, started_by, at; key: of the request that started it |
| running | running          | <id>          | what stands: version, hash, text of the one that counts acts (none: the layer's); gates, closes_at, because; v |
| proposal| P#<id>           | D#<subject>   | wanted, reason, by, at, number, status, approved_by, approved_at |
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.documents import canonical
from puhui.programmes.filing import Filed
from puhui.programmes.standing import Proposal, Standing
from puhui.store.client import DynamoDB
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.session import Session
from puhui.store.values import Item

RUNNING_KEY = "running"


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
        item = self.dynamodb.get(self.table, _filed_key(programme_id, version))
        return filed_from(item) if item else None

    def standing(self, programme_id: str) -> Standing | None:
        """What was started and decided of a programme."""
        item = self.dynamodb.get(self.table, _running_key(programme_id))
        return standing_from(item) if item else None

    def all_standing(self) -> list[Standing]:
        """The same of all programmes, in the order of their ids."""
        found: list[Standing] = []
        start = None
        while True:
            items, start = self.dynamodb.query(self.table, "programme = :r", {":r": RUNNING_KEY}, start=start)
            found += map(standing_from, items)
            if start is None:
                return found

    def proposal(self, programme_id: str, subject: str) -> Proposal | None:
        """What was proposed last on a subject."""
        item = self.dynamodb.get(self.table, _proposal_key(programme_id, subject))
        return proposal_from(item) if item else None

    def proposals(self, programme_id: str) -> list[Proposal]:
        """What was proposed last on each subject of a programme."""
        return [
            proposal_from(item)
            for item in self.dynamodb.all_entries(self.table, ("programme", f"P#{programme_id}"), "D#")
        ]

    def put_filed(self, session: Session, before: Filed | None, after: Filed) -> None:
        """Write a version over the one that was read."""
        same = {":hash": before.hash, ":status": before.status} if before else None
        session.put(
            self.table,
            filed_item(after),
            condition="#hash = :hash AND #status = :status" if before else "attribute_not_exists(entry)",
            values=same,
            names={"#hash": "hash", "#status": "status"} if before else None,
            error=OptimisticLockFailed(),
        )

    def put_standing(self, session: Session, standing: Standing) -> None:
        """Write what stands of a programme over the revision that was read."""
        before = standing.revision
        item = {
            **_running_key(standing.id),
            "gates": dict(standing.gates),
            "v": before + 1,
        }
        if standing.document:
            item |= {"hash": standing.hash, "text": canonical(standing.document)}
        if standing.closes_at:
            item |= {"closes_at": clock.to_text(standing.closes_at), "because": standing.closed_because}
        session.put(
            self.table,
            item,
            condition="v = :before" if before else "attribute_not_exists(entry)",
            values={":before": before} if before else None,
            error=OptimisticLockFailed(),
        )

    def put_proposal(self, session: Session, before: Proposal | None, after: Proposal) -> None:
        """Write a proposal over the one that was read."""
        session.put(
            self.table,
            proposal_item(after),
            condition="#number = :number AND #status = :status" if before else "attribute_not_exists(entry)",
            values={":number": before.number, ":status": before.status} if before else None,
            names={"#number": "number", "#status": "status"} if before else None,
            error=OptimisticLockFailed(),
        )


def _running_key(programme_id: str) -> dict[str, str]:
    return {"programme": RUNNING_KEY, "entry": programme_id}


def _proposal_key(programme_id: str, subject: str) -> dict[str, str]:
    return {"programme": f"P#{programme_id}", "entry": f"D#{subject}"}


def standing_from(item: Mapping[str, Any]) -> Standing:
    """What an item says of a programme."""
    return Standing(
        id=item["entry"],
        document=json.loads(item["text"]) if "text" in item else None,
        hash=item.get("hash", ""),
        gates=item["gates"],
        closes_at=clock.from_text(item["closes_at"]) if "closes_at" in item else None,
        closed_because=item.get("because", ""),
        revision=item["v"],
    )


def proposal_item(proposal: Proposal) -> Item:
    """The item of a proposal."""
    item = {
        **_proposal_key(proposal.programme_id, proposal.subject),
        "wanted": proposal.wanted,
        "reason": proposal.reason,
        "by": proposal.by,
        "at": clock.to_text(proposal.at),
        "number": proposal.number,
        "status": proposal.status,
    }
    if proposal.approved_at:
        item |= {"approved_by": proposal.approved_by, "approved_at": clock.to_text(proposal.approved_at)}
    return item


def proposal_from(item: Mapping[str, Any]) -> Proposal:
    """The proposal of an item."""
    return Proposal(
        programme_id=item["programme"][2:],
        subject=item["entry"][2:],
        wanted=item["wanted"],
        reason=item["reason"],
        by=item["by"],
        at=clock.from_text(item["at"]),
        number=item["number"],
        status=item["status"],
        approved_by=item.get("approved_by", ""),
        approved_at=clock.from_text(item["approved_at"]) if "approved_at" in item else None,
    )


def _filed_key(programme_id: str, version: str) -> dict[str, str]:
    return {"programme": f"P#{programme_id}", "entry": f"V#{version}"}


def filed_item(filed: Filed) -> Item:
    """The item of a version."""
    return {
        **_filed_key(filed.id, filed.version),
        "text": canonical(filed.document),
        "hash": filed.hash,
        "author": filed.author,
        "status": filed.status,
        "started_by": filed.started_by,
        "at": clock.to_text(filed.at),
        **({"key": filed.started_key} if filed.started_key else {}),
    }


def filed_from(item: Mapping[str, Any]) -> Filed:
    """The version of an item."""
    at: datetime = clock.from_text(item["at"])
    return Filed(
        json.loads(item["text"]),
        item["hash"],
        item["author"],
        at,
        item["status"],
        item["started_by"],
        item.get("key", ""),
    )
