"""The programmes' table: the only file that knows its keys and attributes. Programmes that ship with the layer are not in it.

| item    | programme (hash) | entry (range) | holds |
|---------|------------------|---------------|-------|
| filed   | P#<id>           | V#<version>   | text (canonical), hash, author, status, started_by, at |
| running | running          | <id>          | the version that counts acts: version, hash, text |
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.documents import canonical
from puhui.programmes.filing import Filed
from puhui.store.client import DynamoDB
from puhui.store.session import Moved, Session
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

    def running(self, programme_id: str) -> dict[str, Any] | None:
        """The document of the version that counts acts."""
        item = self.dynamodb.get(self.table, {"programme": RUNNING_KEY, "entry": programme_id})
        document: dict[str, Any] | None = json.loads(item["text"]) if item else None
        return document

    def all_running(self) -> list[dict[str, Any]]:
        """The documents of all programmes that count acts, in the order of their ids."""
        documents, start = [], None
        while True:
            items, start = self.dynamodb.query(self.table, "programme = :r", {":r": RUNNING_KEY}, start=start)
            documents += [json.loads(item["text"]) for item in items]
            if start is None:
                return documents

    def put_filed(self, session: Session, before: Filed | None, after: Filed) -> None:
        """Write a version over the one that was read."""
        same = {":hash": before.hash, ":status": before.status} if before else None
        session.put(
            self.table,
            filed_item(after),
            condition="#hash = :hash AND #status = :status" if before else "attribute_not_exists(entry)",
            values=same,
            names={"#hash": "hash", "#status": "status"} if before else None,
            error=Moved(),
        )

    def put_running(self, session: Session, filed: Filed, before: str | None) -> None:
        """Let a version count acts, in place of the version ``before``."""
        item = {
            "programme": RUNNING_KEY,
            "entry": filed.id,
            "version": filed.version,
            "hash": filed.hash,
            "text": canonical(filed.document),
        }
        session.put(
            self.table,
            item,
            condition="version = :before" if before else "attribute_not_exists(entry)",
            values={":before": before} if before else None,
            error=Moved(),
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
    }


def filed_from(item: Mapping[str, Any]) -> Filed:
    """The version of an item."""
    at: datetime = clock.from_text(item["at"])
    return Filed(
        json.loads(item["text"]), item["hash"], item["author"], at, item["status"], item["started_by"]
    )
