"""The methodologies' table: the only file that knows its keys and attributes.

| item     | methodology (hash) | entry (range)   | holds |
|----------|--------------------|-----------------|-------|
| version  | M#<id>             | V#<version>     | name, hash, jurisdiction, author, status, history; v: counts its writes |
| document | M#<id>             | D#<hash>        | text: what was filed, in canonical form; never changes |
| latest   | latest             | <id>            | the version published last: version, name, hash, status |
| open     | open               | <id>@<version>  | what waits for a review or for publication |
| answer   | officer:<id>       | I#<key id>      | the first answer to an idempotency key |

What a version becomes reaches the journal by the table's stream (``publication_in``).
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.documents import Text, canonical, content_hash
from puhui.methodologies.errors import AnswerStands, VersionMoved
from puhui.methodologies.lifecycle import APPROVED, DRAFT, PUBLISHED, WITHDRAWN, Step, Version
from puhui.store.client import DynamoDB, Key
from puhui.store.session import Session
from puhui.store.values import Item

LATEST, OPEN = "latest", "open"
LATEST_A_QUERY = 100


@dataclass(frozen=True, slots=True)
class Latest:
    """The version of a methodology that was published last; ``status`` tells a withdrawn one."""

    id: str
    version: str
    name: Text
    hash: str
    status: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What the journal is told: a version was published, or withdrawn (``reason``)."""

    methodology_id: str
    version: str
    hash: str
    status: str
    at: datetime
    reason: str = ""


class Methodologies:
    """Versions that are filed, reviewed and published, in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Methodologies":
        """The table that METHODOLOGIES_TABLE names."""
        return cls(DynamoDB(), os.environ["METHODOLOGIES_TABLE"])

    def version(self, methodology_id: str, version: str) -> Version | None:
        """A version as it stands now, whatever its status."""
        item = self.dynamodb.get(self.table, version_key(methodology_id, version))
        return version_from(item) if item else None

    def document(self, methodology_id: str, hash_: str) -> dict[str, Any]:
        """The document with this hash. Raises ValueError when the table holds another one, or none."""
        item = self.dynamodb.get(self.table, _document_key(methodology_id, hash_))
        document: dict[str, Any] = json.loads(item["text"]) if item else {}
        if content_hash(document) != hash_:
            raise ValueError(f"the document {hash_} of {methodology_id} is not what was filed")
        return document

    def latest(self, methodology_id: str) -> Latest | None:
        """The version published last."""
        item = self.dynamodb.get(self.table, _latest_key(methodology_id))
        return _latest_from(item) if item else None

    def all_latest(self) -> list[Latest]:
        """That of every methodology, by id."""
        found: list[Latest] = []
        start = None
        while True:
            items, start = self._query(LATEST, LATEST_A_QUERY, start)
            found += [_latest_from(item) for item in items]
            if start is None:
                return found

    def open(self, limit: int, start: str | None) -> tuple[list[Version], str | None]:
        """A page of the versions that wait for a step, by id; and the last one's key when there are more."""
        items, last = self._query(OPEN, limit, {"methodology": OPEN, "entry": start} if start else None)
        names = [item["entry"].partition("@") for item in items]
        keys = [Key(self.table, version_key(name, version)) for name, _, version in names]
        found = self.dynamodb.get_all(keys) if keys else []
        return [version_from(item) for item in found if item], last["entry"] if last else None

    def _query(
        self, partition: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Item], Item | None]:
        return self.dynamodb.query(
            self.table, "methodology = :m", {":m": partition}, limit=limit, start=start
        )

    def answer(self, officer_id: str, key_id: str) -> Item | None:
        """The stored answer to an idempotency key: {"body_hash", "answer"}."""
        return self.dynamodb.get(self.table, _answer_key(officer_id, key_id))

    # Writing: each adds to a session

    def add_answer(
        self, session: Session, officer_id: str, key_id: str, body_hash: str, answer: Mapping[str, Any]
    ) -> None:
        """Store the answer to an idempotency key with its effect."""
        item = {**_answer_key(officer_id, key_id), "body_hash": body_hash, "answer": answer}
        session.put(self.table, item, unless="entry", error=AnswerStands(body_hash=body_hash))

    def put_version(self, session: Session, version: Version) -> None:
        """Write a version that was worked out from the revision that was read, and keep the list of open ones."""
        before = version.revision
        session.put(
            self.table,
            version_item(version),
            condition="v = :v" if before else "attribute_not_exists(v)",
            values={":v": before} if before else None,
            error=VersionMoved(),
        )
        place = {"methodology": OPEN, "entry": version.key}
        if version.status in (DRAFT, APPROVED):
            session.put(self.table, place)
        else:
            session.delete(self.table, place)

    def put_document(self, session: Session, methodology_id: str, document: Mapping[str, Any]) -> None:
        """Keep a document under its hash: the same bytes however often it is filed."""
        text = canonical(document)
        session.put(self.table, {**_document_key(methodology_id, content_hash(document)), "text": text})

    def put_latest(self, session: Session, version: Version, before: Latest | None) -> None:
        """Write what the version published last is, in place of what was read."""
        session.put(
            self.table,
            {
                **_latest_key(version.id),
                "version": version.version,
                "name": dict(version.name),
                "hash": version.hash,
                "status": version.status,
            },
            condition="version = :version AND #status = :status" if before else "attribute_not_exists(entry)",
            names={"#status": "status"} if before else None,
            values={":version": before.version, ":status": before.status} if before else None,
            error=VersionMoved(),
        )


def publication_in(item: Item) -> Publication | None:
    """What an item of the table tells the journal, as the table's stream shows it; None when that is nothing.

    The same state of a version always tells the same.
    """
    if not item["entry"].startswith("V#") or item["status"] not in (PUBLISHED, WITHDRAWN):
        return None
    version = version_from(item)
    step = version.step(version.status)
    if step is None:
        raise ValueError(f"{version.key} is {version.status}, and its history does not say so")
    reason = step.note if version.status == WITHDRAWN else ""
    return Publication(version.id, version.version, version.hash, version.status, step.at, reason)


def version_key(methodology_id: str, version: str) -> dict[str, str]:
    """Where a version stands."""
    return {"methodology": f"M#{methodology_id}", "entry": f"V#{version}"}


def _document_key(methodology_id: str, hash_: str) -> dict[str, str]:
    return {"methodology": f"M#{methodology_id}", "entry": f"D#{hash_}"}


def _latest_key(methodology_id: str) -> dict[str, str]:
    return {"methodology": LATEST, "entry": methodology_id}


def _answer_key(officer_id: str, key_id: str) -> dict[str, str]:
    return {"methodology": f"officer:{officer_id}", "entry": f"I#{key_id}"}


def _latest_from(item: Item) -> Latest:
    return Latest(item["entry"], item["version"], item["name"], item["hash"], item["status"])


def version_item(version: Version) -> Item:
    """The item of a version, one write later."""
    return {
        **version_key(version.id, version.version),
        "name": dict(version.name),
        "hash": version.hash,
        "jurisdiction": version.jurisdiction,
        "author": version.author,
        "status": version.status,
        "history": [
            [step.what, step.by, clock.to_text(step.at), step.hash, step.note] for step in version.history
        ],
        "v": version.revision + 1,
    }


def version_from(item: Item) -> Version:
    """The version of an item."""
    history: Sequence[Sequence[str]] = item["history"]
    return Version(
        id=item["methodology"][2:],
        version=item["entry"][2:],
        name=item["name"],
        hash=item["hash"],
        jurisdiction=item["jurisdiction"],
        author=item["author"],
        status=item["status"],
        history=tuple(
            Step(what, by, clock.from_text(at), hash_, note) for what, by, at, hash_, note in history
        ),
        revision=item["v"],
    )
