"""The methodologies' table: the only file that knows its keys and attributes.

| item     | methodology (hash) | entry (range)   | holds |
|----------|--------------------|-----------------|-------|
| version  | M#<id>             | V#<version>     | name, hash, jurisdiction, author, status, history: [{what, by, at, hash, note}], warnings; v: counts its writes |
| document | M#<id>             | D#<hash>        | text: what was filed, in canonical form; never changes |
| latest   | latest             | <id>            | the version published last: version, name, hash, status |
| open     | open               | <id>@<version>  | what waits for a review or for publication |
| answer   | officer:<id>       | I#<key id>      | the first answer to an idempotency key |

Factors that are filed are stored in the same way under F#<id>, "latest factors" and "open factors" (``Factors``), and beside that:

| item     | methodology (hash) | entry (range)   | holds |
|----------|--------------------|-----------------|-------|
| records  | factors            | <quantity>      | text: every record of the quantity that is in force, by key; unit: of the first that was, whatever became of it; v |

What a version becomes reaches the journal by the table's stream (``publication_in``).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from puhui.kernel.documents import Text, canonical, content_hash
from puhui.methodologies import registry
from puhui.methodologies.errors import QuantityFull
from puhui.methodologies.lifecycle import APPROVED, DRAFT, PUBLISHED, WITHDRAWN, Version, order
from puhui.methodologies.measures import require_same
from puhui.store.answers import Answers
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

METHODOLOGY, FACTOR = "methodology", "factor"
RECORDS = "factors"
RECORDS_MAX = 300  # of one quantity: at 1,000 bytes a record, three quarters of what an item can hold
LATEST_A_QUERY = 100


@dataclass(frozen=True, slots=True)
class Latest:
    """The version of a methodology that was published last; ``status`` says whether it was withdrawn."""

    id: str
    version: str
    name: Text
    hash: str
    status: str


@dataclass(frozen=True, slots=True)
class Publication:
    """What goes into the journal: a version of a methodology or a factor (``kind``) was published, or withdrawn (``reason``)."""

    name: str
    version: str
    hash: str
    status: str
    at: datetime
    reason: str = ""
    kind: str = METHODOLOGY


VERSIONS = {
    prefix: Record(
        Version,
        hash_key="methodology",
        owner=f"{prefix}{{id}}",
        entry="V#{version}",
        names={"revision": "v"},
        always=("status", "history", "revision"),
    )
    for prefix in ("M#", "F#")
}


class Methodologies:
    """Versions that are filed, reviewed and published, in one table."""

    kind, prefix, latest_name, open_name = METHODOLOGY, "M#", "latest", "open"

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.answers = Answers(dynamodb, table, "methodology")
        self._versions = VERSIONS[self.prefix]
        self._latest = Record(Latest, hash_key="methodology", owner=self.latest_name, entry="{id}")

    @classmethod
    def from_environment(cls) -> Self:
        """The table that METHODOLOGIES_TABLE names."""
        return cls(DynamoDB(), os.environ["METHODOLOGIES_TABLE"])

    def as_factors(self) -> "Factors":
        """The factors in the same table."""
        return Factors(self.dynamodb, self.table)

    def shipped(self, methodology_id: str) -> tuple[str, ...]:
        """The versions that are in the layer, oldest first."""
        return registry.versions().get(methodology_id, ())

    def version(self, methodology_id: str, version: str) -> Version | None:
        """A version as it is now, whatever its status."""
        item = self.dynamodb.get(self.table, self._versions.key(id=methodology_id, version=version))
        return self._versions.read(item) if item else None

    def document(self, methodology_id: str, hash_: str) -> dict[str, Any]:
        """The document with this hash. Raises ValueError when the table holds another one, or none."""
        item = self.dynamodb.get(self.table, self._document_key(methodology_id, hash_))
        document: dict[str, Any] = json.loads(item["text"]) if item else {}
        if content_hash(document) != hash_:
            raise ValueError(f"the document {hash_} of {methodology_id} is not what was filed")
        return document

    def latest(self, methodology_id: str) -> Latest | None:
        """The version published last."""
        item = self.dynamodb.get(self.table, self._latest.key(id=methodology_id))
        return self._latest.read(item) if item else None

    def all_latest(self) -> list[Latest]:
        """That of every methodology, by id."""
        found: list[Latest] = []
        start = None
        while True:
            items, start = self._query(self.latest_name, LATEST_A_QUERY, start)
            found += [self._latest.read(item) for item in items]
            if start is None:
                return found

    def open(self, limit: int, start: str | None) -> tuple[list[Version], str | None]:
        """A page of the versions that wait for a step, by id; and the last one's key when there are more."""
        after = {"methodology": self.open_name, "entry": start} if start else None
        items, last = self._query(self.open_name, limit, after)
        names = [item["entry"].partition("@") for item in items]
        keys = [Key(self.table, self._versions.key(id=name, version=version)) for name, _, version in names]
        found = self.dynamodb.get_all(keys) if keys else []
        return [self._versions.read(item) for item in found if item], last["entry"] if last else None

    def _query(
        self, partition: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Item], Item | None]:
        return self.dynamodb.query(
            self.table, "methodology = :m", {":m": partition}, limit=limit, start=start
        )

    # Writing: each adds to a session

    def put_version(self, session: Session, version: Version) -> None:
        """Write a version that was worked out from the revision that was read, and keep the list of open ones."""
        before = version.revision
        session.put(
            self.table,
            self._versions.item(replace(version, revision=before + 1)),
            condition="v = :v" if before else "attribute_not_exists(v)",
            values={":v": before} if before else None,
            error=OptimisticLockFailed(),
        )
        place = {"methodology": self.open_name, "entry": version.key}
        if version.status in (DRAFT, APPROVED):
            session.put(self.table, place)
        else:
            session.delete(self.table, place)

    def put_document(self, session: Session, methodology_id: str, document: Mapping[str, Any]) -> None:
        """Keep a document under its hash: the same bytes however often it is filed."""
        text = canonical(document)
        session.put(self.table, {**self._document_key(methodology_id, content_hash(document)), "text": text})

    def put_latest(self, session: Session, version: Version, before: Latest | None) -> None:
        """Write what the version published last is, in place of what was read."""
        session.put(
            self.table,
            self._latest.item(
                Latest(version.id, version.version, version.name, version.hash, version.status)
            ),
            condition="version = :version AND #status = :status" if before else "attribute_not_exists(entry)",
            names={"#status": "status"} if before else None,
            values={":version": before.version, ":status": before.status} if before else None,
            error=OptimisticLockFailed(),
        )

    def require_fitting(self, document: Mapping[str, Any]) -> None:
        """Raise DocumentInvalid for a document that does not fit what is published: none such."""

    def put_in_force(self, session: Session, version: Version) -> None:
        """What else has to change when a version was published or withdrawn: nothing, its status says it."""

    def _document_key(self, methodology_id: str, hash_: str) -> dict[str, str]:
        return {"methodology": f"{self.prefix}{methodology_id}", "entry": f"D#{hash_}"}


class Factors(Methodologies):
    """The same for factors. What was published of a quantity is one item, so that whoever quantifies reads it at
    once; later versions do not push earlier ones out, since an act takes what was in force on its day."""

    kind, prefix, latest_name, open_name = FACTOR, "F#", "latest factors", "open factors"

    def shipped(self, factor_id: str) -> tuple[str, ...]:
        """The versions that are in the layer, oldest first."""
        found = [each.version for each in registry.factors().values() if each.id == factor_id]
        return tuple(sorted(found, key=order))

    def records(self, quantity: str) -> dict[str, Any]:
        """Every record of a quantity that was published and not withdrawn, by key."""
        return _records_in(self.dynamodb.get(self.table, _records_key(quantity)))

    def all_records(self) -> dict[str, Any]:
        """The same of all quantities."""
        found: dict[str, Any] = {}
        start = None
        while True:
            items, start = self._query(RECORDS, LATEST_A_QUERY, start)
            for item in items:
                found |= _records_in(item)
            if start is None:
                return found

    def require_fitting(self, document: Mapping[str, Any]) -> None:
        """Raise DocumentInvalid for a record that measures something else than its quantity."""
        quantity = document["quantity"]
        require_same(document, _unit_of(quantity, self.dynamodb.get(self.table, _records_key(quantity))))

    def put_in_force(self, session: Session, version: Version) -> None:
        """Put a record among those that acts take, or take it out. Raises QuantityFull, and DocumentInvalid for one that measures
        something else: of two that are published at once, one finds what the other has settled."""
        document = self.document(version.id, version.hash)
        quantity = document["quantity"]
        item = self.dynamodb.get(self.table, _records_key(quantity))
        records = _records_in(item)
        settled = _unit_of(quantity, item)
        if version.status == PUBLISHED:
            require_same(document, settled)
            records[version.key] = document
        else:
            records.pop(version.key, None)
        if len(records) > RECORDS_MAX:
            raise QuantityFull(quantity=quantity, most=RECORDS_MAX)
        before = item["v"] if item else 0
        session.put(
            self.table,
            {
                **_records_key(quantity),
                "text": canonical(records),
                "unit": settled or document["unit"],
                "v": before + 1,
            },
            condition="v = :v" if before else "attribute_not_exists(v)",
            values={":v": before} if before else None,
            error=OptimisticLockFailed(),
        )


def _records_key(quantity: str) -> dict[str, str]:
    return {"methodology": RECORDS, "entry": quantity}


def _records_in(item: Item | None) -> dict[str, Any]:
    records: dict[str, Any] = json.loads(item["text"]) if item else {}
    return records


def _unit_of(quantity: str, item: Item | None) -> str:
    """The unit of the first record of a quantity, in the layer or in its item; "" where none was ever published."""
    for record in registry.shipped_records(quantity):
        return record.unit.text
    if item and "unit" in item:
        return str(item["unit"])
    return str(next((record["unit"] for record in _records_in(item).values()), ""))


def publication_in(item: Item) -> Publication | None:
    """What the journal records of an item of the table, as its stream shows it; None when that is nothing.

    The same state of a version always gives the same.
    """
    if not item["entry"].startswith("V#") or item["status"] not in (PUBLISHED, WITHDRAWN):
        return None
    prefix = item["methodology"][:2]
    version = VERSIONS[prefix].read(item)
    step = version.step(version.status)
    if step is None:
        raise ValueError(f"{version.key} is {version.status}, and its history does not say so")
    reason = step.note if version.status == WITHDRAWN else ""
    kind = FACTOR if prefix == Factors.prefix else METHODOLOGY
    return Publication(version.id, version.version, version.hash, version.status, step.at, reason, kind)
