"""The points' table: the only file that knows its keys and attributes.

| item     | owner (hash)   | entry (range)         | holds |
|----------|----------------|-----------------------|-------|
| choice   | member:<id>    | C#<programme>         | choice, reward, price; how the last donation went |
| donation | member:<id>    | D#<programme>#<lot>   | attempt, status, what was given, or the code of why not |
| reminded | member:<id>    | R#<programme>#<lot>   | at; ends (TTL) |
| job      | job:<id>       | job                   | day, status, report |
| part     | job:<id>       | S#<shard>             | how far the shard is, counts |
| report   | report:<id>    | report                | programme, who asked, stock as it stood, what the last one counted, status, result |
| part     | report:<id>    | S#<shard>             | how far the shard is, and in which of two texts |
| text     | report:<id>    | S#<shard>#<0 or 1>#<n> | what one shard's accounts and items say, n-th piece of its text |
| result   | report:<id>    | R#<n>                 | what was found, n-th piece of its text |
| counted  | programme:<id> | counted               | what the last report that agreed counted |

A donation stands in two items: its own, which decides, and the choice's, which the forecast reads.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from puhui.kernel import clock
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.ledger.api import AUDIT_SHARDS, lot_end, member
from puhui.points.errors import DonationMoved
from puhui.points.model import COUNTS, EXPIRE, Choice, Donation, Job
from puhui.points.report import RUNNING, Part, Report
from puhui.points.tally import Tally
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.session import Session
from puhui.store.values import Item

REMINDER_KEPT = timedelta(days=90)  # after the lot has ended
TEXT_MAX = 80_000  # characters in one item: below 400 KB, whatever they are


class Points:
    """Choices, markers, jobs and reports in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Points":
        """The table that POINTS_TABLE names."""
        return cls(DynamoDB(), os.environ["POINTS_TABLE"])

    # Choices and donations

    def choice_key(self, member_id: str, programme_id: str) -> Key:
        """Where a choice stands, for reading it together with the balance."""
        return Key(self.table, _choice_key(member_id, programme_id))

    def choice(self, member_id: str, programme_id: str) -> Choice:
        """What the member chose; who chose nothing lets points expire."""
        item = self.dynamodb.get(*self.choice_key(member_id, programme_id))
        return choice_from(member_id, programme_id, item)

    def choose(self, choice: Choice, now: datetime) -> Choice:
        """Write a choice; what became of the last donation stays."""
        item = self.dynamodb.update(
            *self.choice_key(choice.member_id, choice.programme_id),
            "SET choice = :c, reward_id = :r, price_points = :p, chosen_at = :at",
            {
                ":c": choice.choice,
                ":r": choice.reward_id,
                ":p": choice.price_points,
                ":at": clock.to_text(now),
            },
        )
        return choice_from(choice.member_id, choice.programme_id, item)

    def donation(self, member_id: str, programme_id: str, lot: str) -> Donation | None:
        """How the lot's donation stands."""
        item = self.dynamodb.get(self.table, _donation_key(member_id, programme_id, lot))
        return donation_from(member_id, programme_id, item) if item else None

    def add_donation(self, session: Session, before: Donation | None, after: Donation) -> None:
        """A donation's next state: it still stands as it was read. The forecast sees it, too."""
        told = _donation_item(after)
        session.put(
            self.table,
            {**_donation_key(after.member_id, after.programme_id, after.lot), **told},
            condition="#status = :status AND attempt = :attempt" if before else "attribute_not_exists(entry)",
            values={":status": before.status, ":attempt": before.attempt} if before else None,
            names={"#status": "status"} if before else None,
            error=DonationMoved(),
        )
        session.update(
            self.table,
            _choice_key(after.member_id, after.programme_id),
            "SET last_donation = :l",
            {":l": told},
        )

    def first_reminder(self, session: Session, member_id: str, programme_id: str, lot: str) -> None:
        """Mark that the member was reminded of the lot: once. Raises ConditionFailed."""
        key = {"owner": member(member_id), "entry": f"R#{programme_id}#{lot}"}
        ends = int((lot_end(lot) + REMINDER_KEPT).timestamp())
        session.put(self.table, {**key, "ends": ends}, unless="entry")

    # Jobs

    def start_job(self, job: Job) -> Job:
        """The job; the one that stands when it was started before."""
        try:
            self.dynamodb.update(
                self.table,
                _job_key(job.id),
                "SET #day = :day, #status = :status",
                {":day": job.day.isoformat(), ":status": job.status},
                names={"#day": "day", "#status": "status"},
                condition="attribute_not_exists(entry)",
            )
        except ConditionFailed:
            return self.job(job.id) or job
        return job

    def job(self, job_id: str) -> Job | None:
        """A job."""
        item = self.dynamodb.get(self.table, _job_key(job_id))
        if item is None:
            return None
        report = json.loads(item["report"]) if "report" in item else None
        return Job(job_id, date.fromisoformat(item["day"]), item["status"], report)

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
        self._set(_job_key(job_id), {"status": "done", "report": json.dumps(report)})
        return report

    # Reports

    def start_report(self, report: Report) -> Report:
        """The report; the one that stands when it was started before. Raises IdempotencyKeyReused."""
        given = {
            "programme": report.programme_id,
            "started_by": report.started_by,
            "started_at": clock.to_text(report.started_at),
            "body_hash": report.body_hash,
            "status": report.status,
            "stock": json.dumps(report.stock),
            "before": dict(report.before),
        }
        try:
            self.dynamodb.update(
                self.table,
                _report_key(report.id),
                "SET " + ", ".join(f"#{name} = :{name}" for name in given),
                {f":{name}": value for name, value in given.items()},
                names={f"#{name}": name for name in given},
                condition="attribute_not_exists(entry)",
            )
        except ConditionFailed as failed:
            if failed.item is None or failed.item["body_hash"] != report.body_hash:
                raise IdempotencyKeyReused from None
            return report_from(report.id, failed.item)
        return report

    def report(self, report_id: str) -> Report | None:
        """A report."""
        item = self.dynamodb.get(self.table, _report_key(report_id))
        if item is None:
            return None
        report = report_from(report_id, item)
        if report.status == RUNNING:
            return report
        return replace(report, result=json.loads(self._text(f"report:{report_id}", "R")))

    def part(self, report_id: str, shard: int) -> Part:
        """What one shard says, as far as it was read."""
        owner = f"report:{report_id}"
        item = self.dynamodb.get(self.table, _part_key(owner, shard))
        if item is None:
            return Part()
        text = self._text(owner, _text_name(shard, item["turn"]))
        return Part(Tally.from_document(json.loads(text)), item["at_account"], item["turn"], item["done"])

    def put_part(self, report_id: str, shard: int, part: Part) -> None:
        """Keep what one shard says so far: its text first, beside the one before, then the word that it counts."""
        owner = f"report:{report_id}"
        self._put_text(owner, _text_name(shard, part.turn), json.dumps(part.tally.as_document()))
        told = {"at_account": part.account, "turn": part.turn, "done": part.done}
        self.dynamodb.put_all(self.table, [{**_part_key(owner, shard), **told}])

    def parts(self, report_id: str) -> Iterator[Tally]:
        """What the shards say, one at a time. Raises LookupError at one that was not read to its end."""
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
        self._set(_counted_key(programme_id), {"counts": dict(counts)})

    def close_report(self, report_id: str, result: Mapping[str, Any]) -> None:
        """Write what was found."""
        self._put_text(f"report:{report_id}", "R", json.dumps(result, ensure_ascii=False))
        self._set(_report_key(report_id), {"status": "done"})

    def _put_text(self, owner: str, name: str, text: str) -> None:
        # The first piece, which says how many there are, comes last: more of them may be left of a run before.
        pieces = [text[first : first + TEXT_MAX] for first in range(0, len(text), TEXT_MAX)]
        for n, piece in reversed(list(enumerate(pieces))):
            item = {"owner": owner, "entry": f"{name}#{n:04}", "text": piece, "pieces": len(pieces)}
            self.dynamodb.put_all(self.table, [item])

    def _text(self, owner: str, name: str) -> str:
        items = list(self.dynamodb.all_entries(self.table, ("owner", owner), f"{name}#"))
        return "".join(item["text"] for item in items[: items[0]["pieces"]]) if items else ""

    def _set(self, key: Mapping[str, str], values: Mapping[str, Any]) -> None:
        self.dynamodb.update(
            self.table,
            key,
            "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            {f":{name}": value for name, value in values.items()},
            names={f"#{name}": name for name in values},
        )


def _adding(counts: Mapping[str, int]) -> tuple[str, dict[str, int], dict[str, str]]:
    kept = {name: count for name, count in counts.items() if count}
    expression = "ADD " + ", ".join(f"#{name} :{name}" for name in kept) if kept else ""
    return (
        expression,
        {f":{name}": count for name, count in kept.items()},
        {f"#{name}": name for name in kept},
    )


def _choice_key(member_id: str, programme_id: str) -> dict[str, str]:
    return {"owner": member(member_id), "entry": f"C#{programme_id}"}


def _donation_key(member_id: str, programme_id: str, lot: str) -> dict[str, str]:
    return {"owner": member(member_id), "entry": f"D#{programme_id}#{lot}"}


def _job_key(job_id: str) -> dict[str, str]:
    return {"owner": f"job:{job_id}", "entry": "job"}


def _report_key(report_id: str) -> dict[str, str]:
    return {"owner": f"report:{report_id}", "entry": "report"}


def _part_key(owner: str, shard: int) -> dict[str, str]:
    return {"owner": owner, "entry": f"S#{shard:02}"}


def _counted_key(programme_id: str) -> dict[str, str]:
    return {"owner": f"programme:{programme_id}", "entry": "counted"}


def _text_name(shard: int, turn: int) -> str:
    return f"S#{shard:02}#{turn % 2}"


def _donation_item(donation: Donation) -> Item:
    return {
        name: value for name, value in asdict(donation).items() if name not in ("member_id", "programme_id")
    }


def donation_from(member_id: str, programme_id: str, item: Mapping[str, Any]) -> Donation:
    """The donation of an item."""
    told = {name: value for name, value in item.items() if name not in ("owner", "entry")}
    return Donation(member_id, programme_id, **told)


def choice_from(member_id: str, programme_id: str, item: Item | None) -> Choice:
    """The choice that an item (or its absence) stands for."""
    item = item or {}
    last = item.get("last_donation")
    return Choice(
        member_id,
        programme_id,
        item.get("choice", EXPIRE),
        item.get("reward_id", ""),
        item.get("price_points", 0),
        donation_from(member_id, programme_id, last) if last else None,
    )


def report_from(report_id: str, item: Item) -> Report:
    """The report of an item."""
    return Report(
        report_id,
        item["programme"],
        item["started_by"],
        clock.from_text(item["started_at"]),
        {name: tuple(counted) for name, counted in json.loads(item["stock"]).items()},
        item["body_hash"],
        item["status"],
        before=item.get("before", {}),
    )
