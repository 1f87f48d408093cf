"""The points' table: the only file that knows its keys and attributes.

| item     | owner (hash)   | entry (range)         | holds |
|----------|----------------|-----------------------|-------|
| choice   | member:<id>    | C#<programme>         | choice, reward_id, price_points, chosen_at, last_donation |
| donation | member:<id>    | D#<programme>#<lot>   | attempt, status, what was given, or the code of why not |
| reminded | member:<id>    | R#<programme>#<lot>   | at; ends (TTL) |
| job      | job:<id>       | job                   | day, status, report |
| part     | job:<id>       | S#<shard>             | how far the shard is, counts |
| report   | report:<id>    | report                | programme_id, who asked, stock at the moment, what the last one counted, status |
| part     | report:<id>    | S#<shard>             | how far the shard is, and in which of two texts |
| text     | report:<id>    | S#<shard>#<0 or 1>#<n> | what one shard's accounts and items say, n-th piece of its text |
| result   | report:<id>    | R#<n>                 | what was found, n-th piece of its text |
| counted  | programme:<id> | counted               | what the last report that agreed counted |

A donation is stored twice: in its own item, which decides, and in the choice's, which the forecast reads.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.ledger.api import AUDIT_SHARDS, lot_end, member
from puhui.points.model import COUNTS, Choice, Donation, Job
from puhui.points.report import RUNNING, Part, Report
from puhui.points.runs import Runs
from puhui.points.tally import Tally
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

REMINDER_KEPT = timedelta(days=90)  # after the lot has ended

CHOICE = Record(
    Choice,
    owner=member("{member_id}"),
    entry="C#{programme_id}",
    names={"last": "last_donation"},
    always=("choice", "reward_id", "price_points"),
)
DONATION = Record(Donation, owner=member("{member_id}"), entry="D#{programme_id}#{lot}")
JOB = Record(Job, owner="job:{id}", entry="job", always=("status",))
REPORT = Record(Report, owner="report:{id}", entry="report", always=("status", "body_hash"))
LAST_DONATION = Record(Donation)


class Points(Runs):
    """Choices, markers, jobs and reports in one table."""

    @classmethod
    def from_environment(cls) -> "Points":
        """The table that POINTS_TABLE names."""
        return cls(DynamoDB(), os.environ["POINTS_TABLE"])

    # Choices and donations

    def choice_key(self, member_id: str, programme_id: str) -> Key:
        """The key of a choice, for reading it together with the balance."""
        return Key(self.table, CHOICE.key(member_id=member_id, programme_id=programme_id))

    def choice(self, member_id: str, programme_id: str) -> Choice:
        """What the member chose; who chose nothing lets points expire."""
        item = self.dynamodb.get(*self.choice_key(member_id, programme_id))
        return choice_from(member_id, programme_id, item)

    def choose(self, choice: Choice, now: datetime) -> Choice:
        """Write a choice. What became of the last donation is left as it is."""
        key = self.choice_key(choice.member_id, choice.programme_id)
        kept = ("choice", "reward_id", "price_points")
        attributes = {name: value for name, value in CHOICE.item(choice).items() if name in kept}
        item = self.dynamodb.assign(*key, attributes | {"chosen_at": clock.to_text(now)})
        return CHOICE.read(item)

    def donation(self, member_id: str, programme_id: str, lot: str) -> Donation | None:
        """The lot's donation."""
        key = DONATION.key(member_id=member_id, programme_id=programme_id, lot=lot)
        item = self.dynamodb.get(self.table, key)
        return DONATION.read(item) if item else None

    def add_donation(self, session: Session, before: Donation | None, after: Donation) -> None:
        """A donation's next state, if nobody wrote it after ``before`` was read. The forecast sees it, too."""
        session.put(
            self.table,
            DONATION.item(after),
            condition="#status = :status AND attempt = :attempt" if before else "attribute_not_exists(entry)",
            values={":status": before.status, ":attempt": before.attempt} if before else None,
            names={"#status": "status"} if before else None,
            error=OptimisticLockFailed(),
        )
        session.update(
            *self.choice_key(after.member_id, after.programme_id),
            "SET last_donation = :l",
            {":l": LAST_DONATION.item(after)},
        )

    def first_reminder(self, session: Session, member_id: str, programme_id: str, lot: str) -> None:
        """Mark that the member was reminded of the lot: once. Raises ConditionFailed."""
        key = {"owner": member(member_id), "entry": f"R#{programme_id}#{lot}"}
        ends = int((lot_end(lot) + REMINDER_KEPT).timestamp())
        session.put(self.table, {**key, "ends": ends}, unless="entry")

    # Jobs

    def start_job(self, job: Job) -> Job:
        """The job; the existing one when it was started before."""
        try:
            self._create(JOB.key(id=job.id), JOB.item(job))
        except ConditionFailed:
            return self.job(job.id) or job
        return job

    def job(self, job_id: str) -> Job | None:
        """A job."""
        item = self.dynamodb.get(self.table, JOB.key(id=job_id))
        return JOB.read(item) if item else None

    def position(self, job_id: str, shard: int) -> str:
        """The account that the shard's run has come to; "" at its start."""
        item = self.dynamodb.get(self.table, _part_key(f"job:{job_id}", shard))
        return str(item.get("at_account", "")) if item else ""

    def advance(self, job_id: str, shard: int, account: str, counts: Mapping[str, int]) -> None:
        """The shard's run has come to ``account``; count what happened on the way without a write of its own."""
        expression, values, names = _adding(counts)
        self.dynamodb.update(
            self.table,
            _part_key(f"job:{job_id}", shard),
            f"SET at_account = :account {expression}",
            {":account": account, **values},
            names=names or None,
        )

    def add_counts(self, session: Session, job_id: str, shard: int, counts: Mapping[str, int]) -> None:
        """Count what happens in the same session, so that the job's sums are exact whatever runs twice."""
        expression, values, names = _adding(counts)
        session.update(self.table, _part_key(f"job:{job_id}", shard), expression, values, names=names)

    def close_job(self, job_id: str) -> dict[str, int]:
        """Put the shards together and write how the job ended."""
        items = list(self.dynamodb.all_entries(self.table, ("owner", f"job:{job_id}"), "S#"))
        report = {name: sum(item.get(name, 0) for item in items) for name in COUNTS}
        self._end(JOB.key(id=job_id), {"report": report})
        return report

    def stop_job(self, job_id: str) -> None:
        """Write that a job stopped on an error."""
        self._stop(JOB.key(id=job_id))

    # Reports

    def start_report(self, report: Report) -> Report:
        """The report; the existing one when it was started before. Raises IdempotencyKeyReused."""
        try:
            self._create(REPORT.key(id=report.id), REPORT.item(report))
        except ConditionFailed as failed:
            if failed.item is None or failed.item["body_hash"] != report.body_hash:
                raise IdempotencyKeyReused from None
            return REPORT.read(failed.item)
        return report

    def begun(self, report_id: str) -> Report | None:
        """A report without what it found."""
        item = self.dynamodb.get(self.table, REPORT.key(id=report_id))
        return REPORT.read(item) if item else None

    def report(self, report_id: str) -> Report | None:
        """A report."""
        report = self.begun(report_id)
        if report is None or report.status == RUNNING:
            return report
        return replace(report, result=json.loads(self._text(f"report:{report_id}", "R")))

    def part(self, report_id: str, shard: int) -> Part:
        """A shard's sums, as far as it was read."""
        owner = f"report:{report_id}"
        item = self.dynamodb.get(self.table, _part_key(owner, shard))
        if item is None:
            return Part()
        text = self._text(owner, _text_name(shard, item["turn"]))
        return Part(Tally.from_document(json.loads(text)), item["at_account"], item["turn"], item["done"])

    def put_part(self, report_id: str, shard: int, part: Part) -> None:
        """Keep a shard's sums so far: the text first, beside the one before, then that it counts."""
        owner = f"report:{report_id}"
        self._put_text(owner, _text_name(shard, part.turn), json.dumps(part.tally.as_document()))
        progress = {"at_account": part.account, "turn": part.turn, "done": part.done}
        self.dynamodb.put_all(self.table, [_part_key(owner, shard) | progress])

    def parts(self, report_id: str) -> Iterator[Tally]:
        """The shards' sums, one at a time. Raises LookupError at one that was not read to its end."""
        for shard in range(AUDIT_SHARDS):
            part = self.part(report_id, shard)
            if not part.done:
                raise LookupError(f"shard {shard} of the report was not read to its end")
            yield part.tally

    def counted(self, programme_id: str) -> dict[str, int]:
        """What the programme's last report that agreed has counted."""
        item = self.dynamodb.get(self.table, _counted_key(programme_id))
        return item["counts"] if item else {}

    def keep_counted(self, programme_id: str, counts: Mapping[str, int]) -> None:
        """Keep what a report counted, for the next one."""
        self.dynamodb.assign(self.table, _counted_key(programme_id), {"counts": dict(counts)})

    def close_report(self, report_id: str, result: Mapping[str, Any]) -> None:
        """Write what was found."""
        self._put_text(f"report:{report_id}", "R", json.dumps(result, ensure_ascii=False))
        self._end(REPORT.key(id=report_id), {})

    def stop_report(self, report_id: str) -> None:
        """Write that a report stopped on an error."""
        self._stop(REPORT.key(id=report_id))


def _adding(counts: Mapping[str, int]) -> tuple[str, dict[str, int], dict[str, str]]:
    kept = {name: count for name, count in counts.items() if count}
    expression = "ADD " + ", ".join(f"#{name} :{name}" for name in kept) if kept else ""
    return (
        expression,
        {f":{name}": count for name, count in kept.items()},
        {f"#{name}": name for name in kept},
    )


def _part_key(owner: str, shard: int) -> dict[str, str]:
    return {"owner": owner, "entry": f"S#{shard:02}"}


def _counted_key(programme_id: str) -> dict[str, str]:
    return {"owner": f"programme:{programme_id}", "entry": "counted"}


def _text_name(shard: int, turn: int) -> str:
    return f"S#{shard:02}#{turn % 2}"


def choice_from(member_id: str, programme_id: str, item: Item | None) -> Choice:
    """The choice of an item; who chose nothing lets points expire."""
    return CHOICE.read(item) if item else Choice(member_id, programme_id)
