"""The laboratory's table: the only file that knows its keys and attributes.

| item       | work (hash)  | entry (range) | holds |
|------------|--------------|---------------|-------|
| trial      | T#<trial id> | trial         | the draft's document, what it is tried on, by whom, report |
| part       | T#<trial id> | S#<shard>     | one shard's difference |
| correction | C#<id>       | correction    | what takes whose place, who proposed and approved it, report |
| part       | C#<id>       | S#<shard>     | how much was corrected in one shard |
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from puhui.kernel.errors import DomainError
from puhui.laboratory.errors import CorrectionClosed, CorrectionNotFound, TrialNotFound
from puhui.laboratory.model import DONE, PROPOSED, RUNNING, Corrected, Correction, Difference, Trial
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.conditions import AlreadyExists, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

Work = TypeVar("Work", Trial, Correction)

TRIAL = Record(
    Trial,
    hash_key="work",
    owner="T#{id}",
    entry="trial",
    names={"programme_id": "programme", "methodology_id": "methodology"},
    always=("status", "body_hash"),
)
CORRECTION = Record(
    Correction,
    hash_key="work",
    owner="C#{id}",
    entry="correction",
    names={"programme_id": "programme"},
    always=("status", "body_hash", "approved_by"),
)
DIFFERENCE = Record(Difference)


class _Works(Generic[Work]):
    """Works of one kind: each is proposed or started once, runs shard by shard, and is done or stopped on an error."""

    record: Record[Work]
    not_found: type[DomainError]

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, work_id: str) -> Work:
        """A work. Raises TrialNotFound or CorrectionNotFound."""
        item = self.dynamodb.get(self.table, self.record.key(id=work_id))
        if item is None:
            raise self.not_found(id=work_id, correction_id=work_id)
        return self.record.read(item)

    def add(self, work: Work) -> Work:
        """The work; the one that exists when the same request made it before. Raises IdempotencyKeyReused."""
        session = Session(self.dynamodb)
        error = SameRequest(body_hash=work.body_hash)
        session.put(self.table, self.record.item(work), unless="entry", error=error)
        try:
            session.commit()
        except AlreadyExists as before:
            return self.record.read(before.details["item"])
        return work

    def close(self, work_id: str, report: dict[str, Any]) -> None:
        """Write how a work ended."""
        self.dynamodb.update(
            self.table,
            self.record.key(id=work_id),
            "SET #status = :done, report = :report REMOVE stopped",
            {":done": DONE, ":report": json.dumps(report)},
            names={"#status": "status"},
        )

    def stop(self, work_id: str) -> None:
        """Write that a work stopped on an error; one that does not run stops nowhere."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                self.table,
                self.record.key(id=work_id),
                "SET stopped = :yes",
                {":yes": True, ":running": RUNNING},
                names={"#status": "status"},
                condition="#status = :running",
            )

    def _parts(self, work_id: str) -> list[Item]:
        work = self.record.key(id=work_id)["work"]
        return list(self.dynamodb.all_entries(self.table, ("work", work), "S#"))

    def _part_key(self, work_id: str, shard: int) -> dict[str, str]:
        return {**self.record.key(id=work_id), "entry": f"S#{shard:02}"}


class Trials(_Works[Trial]):
    """Trials of drafts."""

    record, not_found = TRIAL, TrialNotFound

    def put_part(self, trial_id: str, shard: int, part: Difference) -> None:
        """Keep one shard's difference; writing it again changes nothing."""
        self.dynamodb.put_all(self.table, [{**self._part_key(trial_id, shard), **DIFFERENCE.item(part)}])

    def parts(self, trial_id: str) -> list[Difference]:
        """The differences of all shards that are done."""
        return [DIFFERENCE.read(item) for item in self._parts(trial_id)]


class Corrections(_Works[Correction]):
    """Corrections of published factors."""

    record, not_found = CORRECTION, CorrectionNotFound

    def approve(self, correction: Correction) -> None:
        """Write an approval. Raises CorrectionClosed when somebody else was faster."""
        session = Session(self.dynamodb)
        session.put(
            self.table,
            CORRECTION.item(correction),
            condition="#status = :proposed",
            names={"#status": "status"},
            values={":proposed": PROPOSED},
            error=_IsProposed(approved_by=correction.approved_by),
        )
        with suppress(_ApprovedBefore):
            session.commit()

    def add_corrected(self, session: Session, correction_id: str, shard: int, done: Corrected) -> None:
        """Count an act that is corrected in the same session, so that the report is exact whatever runs twice."""
        counts = asdict(done)
        session.update(
            self.table,
            self._part_key(correction_id, shard),
            "ADD " + ", ".join(f"#{name} :{name}" for name in counts),
            {f":{name}": value for name, value in counts.items()},
            names={f"#{name}": name for name in counts},
        )

    def sum_up(self, correction_id: str) -> dict[str, int]:
        """Put the shards together and write how the correction ended."""
        parts = self._parts(correction_id)
        report = {name: sum(item[name] for item in parts) for name in asdict(Corrected())}
        self.close(correction_id, report)
        return report


class _ApprovedBefore(DomainError):
    """The same person's approval, sent twice at once, is one: the second does not bring a finished correction back to its start."""


class _IsProposed(DomainError):
    """The condition of an approval: the correction is still proposed."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item and item["approved_by"] == self.details["approved_by"]:
            return _ApprovedBefore()
        return CorrectionClosed()


class Laboratory:
    """The laboratory's table: trials and corrections."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.trials = Trials(dynamodb, table)
        self.corrections = Corrections(dynamodb, table)

    @classmethod
    def from_environment(cls) -> "Laboratory":
        """The table that LABORATORY_TABLE names."""
        return cls(DynamoDB(), os.environ["LABORATORY_TABLE"])
