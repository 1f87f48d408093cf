"""The laboratory's table: the only file that knows its keys and attributes.

| item  | work (hash)   | entry (range) | holds |
|-------|---------------|---------------|-------|
| trial | T#<trial id>  | trial         | the draft's document, what it is tried on, by whom, report |
| part  | T#<trial id>  | S#<shard>     | one shard's difference |
| correction | C#<id>   | correction    | what takes whose place, who proposed and approved it, report |
| part  | C#<id>        | S#<shard>     | how much was corrected in one shard |
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.laboratory.corrections import PROPOSED, Corrected, Correction
from puhui.laboratory.errors import CorrectionClosed
from puhui.laboratory.model import DONE, RUNNING, Difference, Trial
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.session import Session
from puhui.store.values import Item


class Laboratory:
    """Trials in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Laboratory":
        """The table that LABORATORY_TABLE names."""
        return cls(DynamoDB(), os.environ["LABORATORY_TABLE"])

    def start(self, trial: Trial) -> Trial:
        """The trial; the one that stands when it was started before. Raises IdempotencyKeyReused."""
        try:
            self._put(trial_item(trial), "attribute_not_exists(entry)", {})
        except ConditionFailed as failed:
            if failed.item is None or failed.item["body_hash"] != trial.body_hash:
                raise IdempotencyKeyReused from None
            return trial_from(failed.item)
        return trial

    def trial(self, trial_id: str) -> Trial | None:
        """A trial."""
        item = self.dynamodb.get(self.table, _trial_key(trial_id))
        return trial_from(item) if item else None

    def put_part(self, trial_id: str, shard: int, part: Difference) -> None:
        """Keep one shard's difference; writing it again changes nothing."""
        self.dynamodb.put_all(
            self.table, [{"work": f"T#{trial_id}", "entry": f"S#{shard:02}", **part.as_item()}]
        )

    def parts(self, trial_id: str) -> list[Difference]:
        """The differences of all shards that are done."""
        items = self.dynamodb.all_entries(self.table, ("work", f"T#{trial_id}"), "S#")
        return [Difference.from_item(item) for item in items]

    def close(self, trial_id: str, report: dict[str, Any]) -> None:
        """Write how a trial ended."""
        self.dynamodb.update(
            self.table,
            _trial_key(trial_id),
            "SET #status = :done, report = :report REMOVE stopped",
            {":done": DONE, ":report": json.dumps(report)},
            names={"#status": "status"},
        )

    def stop_trial(self, trial_id: str) -> None:
        """Write that a trial stopped on an error."""
        self._stop(_trial_key(trial_id))

    def stop_correction(self, correction_id: str) -> None:
        """Write that a correction stopped on an error."""
        self._stop(_correction_key(correction_id))

    def _stop(self, key: Item) -> None:
        with suppress(ConditionFailed):
            self.dynamodb.update(
                self.table,
                key,
                "SET stopped = :yes",
                {":yes": True, ":running": RUNNING},
                names={"#status": "status"},
                condition="#status = :running",
            )

    # Corrections

    def propose(self, correction: Correction) -> Correction:
        """The correction; the one that stands when it was proposed before. Raises IdempotencyKeyReused."""
        item = correction_item(correction)
        try:
            self._put(item, "attribute_not_exists(entry)", {})
        except ConditionFailed as failed:
            if failed.item is None or failed.item["body_hash"] != correction.body_hash:
                raise IdempotencyKeyReused from None
            return correction_from(failed.item)
        return correction

    def correction(self, correction_id: str) -> Correction | None:
        """A correction."""
        item = self.dynamodb.get(self.table, _correction_key(correction_id))
        return correction_from(item) if item else None

    def start_correction(self, correction: Correction) -> None:
        """Write an approval. Raises CorrectionClosed when somebody else was faster."""
        item = correction_item(correction)
        try:
            self._put(item, "#status = :proposed", {":proposed": PROPOSED})
        except ConditionFailed as failed:
            # One approval sent twice at once is one; the second must not bring a finished correction back to its start.
            if failed.item is None or failed.item["approved_by"] != correction.approved_by:
                raise CorrectionClosed from None

    def add_corrected(self, session: Session, correction_id: str, shard: int, done: Corrected) -> None:
        """Count an act that is corrected in the same session, so that the report is exact whatever runs twice."""
        counts = asdict(done)
        session.update(
            self.table,
            {"work": f"C#{correction_id}", "entry": f"S#{shard:02}"},
            "ADD " + ", ".join(f"#{name} :{name}" for name in counts),
            {f":{name}": value for name, value in counts.items()},
            names={f"#{name}": name for name in counts},
        )

    def close_correction(self, correction_id: str) -> dict[str, int]:
        """Put the shards together and write how the correction ended."""
        items = list(self.dynamodb.all_entries(self.table, ("work", f"C#{correction_id}"), "S#"))
        report = {name: sum(item[name] for item in items) for name in asdict(Corrected())}
        self.dynamodb.update(
            self.table,
            _correction_key(correction_id),
            "SET #status = :done, report = :report REMOVE stopped",
            {":done": DONE, ":report": json.dumps(report)},
            names={"#status": "status"},
        )
        return report

    def _put(self, item: Item, condition: str, more: dict[str, Any]) -> None:
        rest = {name: value for name, value in item.items() if name not in ("work", "entry")}
        names = {f"#{name}": name for name in rest}
        sets = ", ".join(f"#{name} = :{name}" for name in rest)
        values = {f":{name}": value for name, value in rest.items()}
        key = {"work": item["work"], "entry": item["entry"]}
        self.dynamodb.update(self.table, key, f"SET {sets}", values | more, names=names, condition=condition)


def _correction_key(correction_id: str) -> dict[str, str]:
    return {"work": f"C#{correction_id}", "entry": "correction"}


def correction_item(correction: Correction) -> Item:
    """The item of a correction."""
    return {
        **_correction_key(correction.id),
        "programme": correction.programme_id,
        "factor": correction.factor,
        "replacement": correction.replacement,
        "first": correction.first.isoformat(),
        "last": correction.last.isoformat(),
        "reason": correction.reason,
        "proposed_by": correction.proposed_by,
        "body_hash": correction.body_hash,
        "status": correction.status,
        "approved_by": correction.approved_by,
        "approved_at": clock.to_text(correction.approved_at) if correction.approved_at else "",
        "report": json.dumps(correction.report),
    }


def correction_from(item: Item) -> Correction:
    """The correction of an item."""
    approved: datetime | None = clock.from_text(item["approved_at"]) if item["approved_at"] else None
    return Correction(
        item["work"][2:],
        item["programme"],
        item["factor"],
        item["replacement"],
        date.fromisoformat(item["first"]),
        date.fromisoformat(item["last"]),
        item["reason"],
        item["proposed_by"],
        item["body_hash"],
        item["status"],
        item["approved_by"],
        approved,
        json.loads(item["report"]),
        item.get("stopped", False),
    )


def _trial_key(trial_id: str) -> dict[str, str]:
    return {"work": f"T#{trial_id}", "entry": "trial"}


def trial_item(trial: Trial) -> Item:
    """The item of a trial. Documents are kept as text: they may hold what a table has no type for."""
    return {
        **_trial_key(trial.id),
        "programme": trial.programme_id,
        "methodology": trial.methodology_id,
        "document": json.dumps(trial.document, ensure_ascii=False),
        "days": trial.days,
        "today": trial.today.isoformat(),
        "cases": json.dumps(list(trial.cases)),
        "started_by": trial.started_by,
        "body_hash": trial.body_hash,
        "status": trial.status,
        "report": json.dumps(trial.report),
    }


def trial_from(item: Item) -> Trial:
    """The trial of an item."""
    return Trial(
        item["work"][2:],
        item["programme"],
        item["methodology"],
        json.loads(item["document"]),
        item["days"],
        date.fromisoformat(item["today"]),
        tuple(json.loads(item["cases"])),
        item["started_by"],
        item["body_hash"],
        item["status"],
        json.loads(item["report"]),
        item.get("stopped", False),
    )
