"""The activities' table: the only file that knows its keys and attributes.

| item          | owner (hash)      | entry (range)   | holds |
|---------------|-------------------|-----------------|-------|
| activity      | member:<id>       | A#<activity id> | the act, its status, what its explanation is rebuilt from |
| day           | member:<id>       | D#<yyyy-mm-dd>  | the day's acts in order: id, behaviour, time, what each used; v |
| evidence      | member:<id>       | E#<evidence id> | what was announced; used_by |
| answer        | member:<id>       | I#<key id>      | the first answer to an idempotency key |
| notice        | member:<id>       | N#<activity id> | the member was told |
| photo         | sha256:<hex>      | photo           | which evidence brought this file first |
| near photo    | band:<n>:<bits>   | P#<evidence id> | phash |
| check         | trace:<trace id>  | check           | verdict and task token of a content check |
| review        | review:<id>       | review          | the review and its task token |
| open review   | reviews           | R#<review id>   | queue of the reviewers |
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from puhui.activities.errors import (
    ActivityOpen,
    ActivityStands,
    DayMoved,
    EvidenceFree,
    EvidenceNotFound,
    ReviewOpen,
)
from puhui.activities.model import VERIFYING, Activity, Day, Decision, Entry, Evidence, Review
from puhui.kernel import clock
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.session import Session
from puhui.store.values import Item

NEAR_PHOTOS_MAX = 50  # candidates looked at in one band; a band that is fuller tells little


class Activities:
    """Acts, days, evidence and reviews in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Activities":
        """The table that the environment variable ACTIVITIES_TABLE names."""
        return cls(DynamoDB(), os.environ["ACTIVITIES_TABLE"])

    # Acts and days

    def activity_key(self, member_id: str, activity_id: str) -> Key:
        """Where an activity stands."""
        return Key(self.table, {"owner": f"member:{member_id}", "entry": f"A#{activity_id}"})

    def day_key(self, member_id: str, day: date) -> Key:
        """Where a member's day stands."""
        return Key(self.table, {"owner": f"member:{member_id}", "entry": f"D#{day.isoformat()}"})

    def activity(self, member_id: str, activity_id: str) -> Activity | None:
        """A member's activity."""
        item = self.dynamodb.get(*self.activity_key(member_id, activity_id))
        return activity_from(item) if item else None

    def activities(self, member_id: str, activity_ids: list[str]) -> list[Activity]:
        """Several activities of a member, in that order; one read."""
        if not activity_ids:
            return []
        items = self.dynamodb.get_all(
            [self.activity_key(member_id, activity_id) for activity_id in activity_ids]
        )
        return [activity_from(item) for item in items if item]

    def days(self, member_id: str, before: date | None, limit: int) -> list[Day]:
        """Up to ``limit`` days with acts, latest first, from ``before`` (inclusive) back."""
        items, _ = self.dynamodb.query(
            self.table,
            "#owner = :o AND entry BETWEEN :first AND :last",
            {
                ":o": f"member:{member_id}",
                ":first": "D#",
                ":last": f"D#{before.isoformat() if before else '9999-12-31'}",
            },
            names={"#owner": "owner"},
            limit=limit,
            forward=False,
        )
        return [day_from(date.fromisoformat(item["entry"][2:]), item) for item in items]

    def add_activity(self, session: Session, activity: Activity) -> None:
        """A new activity; what stands under its id decides between a repetition and another request."""
        session.put(
            self.table,
            activity_item(activity),
            unless="entry",
            error=ActivityStands(body_hash=activity.body_hash),
        )

    def put_activity(self, session: Session, activity: Activity) -> None:
        """Write an activity whose day guards it (walking)."""
        session.put(self.table, activity_item(activity))

    def close_activity(self, session: Session, activity: Activity) -> None:
        """Write how the verification of an activity ended: it is still being verified."""
        session.put(
            self.table,
            activity_item(activity),
            condition="#status = :verifying",
            names={"#status": "status"},
            values={":verifying": VERIFYING},
            error=ActivityOpen(),
        )

    def put_day(self, session: Session, member_id: str, day: Day) -> None:
        """Write a day that was worked out from the version that was read."""
        session.put(
            self.table,
            {
                **self.day_key(member_id, day.day).key,
                "acts": [list(asdict(entry).values()) for entry in day.entries],
                "v": day.version + 1,
            },
            condition="v = :v" if day.version else "attribute_not_exists(v)",
            values={":v": day.version} if day.version else None,
            error=DayMoved(),
        )

    # Evidence

    def evidence(self, member_id: str, evidence_id: str) -> Evidence | None:
        """A member's evidence."""
        item = self.dynamodb.get(self.table, {"owner": f"member:{member_id}", "entry": f"E#{evidence_id}"})
        return evidence_from(item) if item else None

    def add_evidence(self, session: Session, evidence: Evidence) -> None:
        """Announce evidence."""
        session.put(
            self.table,
            evidence_item(evidence),
            unless="entry",
            error=ActivityStands(body_hash=evidence.body_hash),
        )

    def use_evidence(self, session: Session, member_id: str, evidence_id: str, activity_id: str) -> None:
        """Tie evidence to an activity: it is the member's and no other activity has it."""
        session.update(
            self.table,
            {"owner": f"member:{member_id}", "entry": f"E#{evidence_id}"},
            "SET used_by = :a",
            {":a": activity_id, ":none": ""},
            condition="used_by = :none",
            error=EvidenceFree(evidence_id=evidence_id),
        )

    def claim_photo(self, sha256: str, evidence_id: str) -> bool:
        """Whether this evidence is the first to bring the file. Asking again gives the same answer."""
        try:
            self.dynamodb.update(
                self.table,
                {"owner": f"sha256:{sha256}", "entry": "photo"},
                "SET evidence_id = :e",
                {":e": evidence_id},
                condition="attribute_not_exists(evidence_id) OR evidence_id = :e",
            )
        except ConditionFailed:
            return False
        return True

    def near_photos(self, bands: list[str], evidence_id: str) -> list[int]:
        """The hashes of other evidence that shares a band."""
        found: list[int] = []
        for band in bands:
            items, _ = self.dynamodb.query(
                self.table,
                "#owner = :o",
                {":o": f"band:{band}"},
                names={"#owner": "owner"},
                limit=NEAR_PHOTOS_MAX,
            )
            found += [int(item["phash"], 16) for item in items if item["entry"] != f"P#{evidence_id}"]
        return found

    def remember_photo(self, bands: list[str], evidence_id: str, phash: int) -> None:
        """Make a picture findable by its bands."""
        session = Session(self.dynamodb)
        for band in bands:
            session.put(
                self.table, {"owner": f"band:{band}", "entry": f"P#{evidence_id}", "phash": f"{phash:016x}"}
            )
        session.commit()

    # Answers and notices

    def answer(self, member_id: str, key_id: str) -> Item | None:
        """The stored answer to an idempotency key: {"body_hash", "answer"}."""
        return self.dynamodb.get(self.table, {"owner": f"member:{member_id}", "entry": f"I#{key_id}"})

    def add_answer(self, session: Session, member_id: str, key_id: str, body_hash: str, answer: Item) -> None:
        """Store the answer to an idempotency key with its effect."""
        session.put(
            self.table,
            {
                "owner": f"member:{member_id}",
                "entry": f"I#{key_id}",
                "body_hash": body_hash,
                "answer": answer,
            },
            unless="entry",
            error=ActivityStands(body_hash=body_hash),
        )

    def first_notice(self, member_id: str, activity_id: str) -> bool:
        """Whether nobody has told the member about this activity yet; from now on somebody has."""
        try:
            self.dynamodb.update(
                self.table,
                {"owner": f"member:{member_id}", "entry": f"N#{activity_id}"},
                "SET told = :yes",
                {":yes": True},
                condition="attribute_not_exists(told)",
            )
        except ConditionFailed:
            return False
        return True

    # Content checks: the platform's verdict and our task token may arrive in either order

    def check(self, trace_id: str, values: Mapping[str, Any]) -> Item:
        """Add what is known of a content check; the check as it then stands."""
        names = {f"#n{n}": name for n, name in enumerate(values)}
        return self.dynamodb.update(
            self.table,
            {"owner": f"trace:{trace_id}", "entry": "check"},
            "SET " + ", ".join(f"#n{n} = :v{n}" for n in range(len(values))),
            {f":v{n}": value for n, value in enumerate(values.values())},
            names=names,
        )

    # Reviews

    def review(self, review_id: str) -> Review | None:
        """A review, whatever its state."""
        item = self.dynamodb.get(self.table, {"owner": f"review:{review_id}", "entry": "review"})
        return review_from(item) if item else None

    def open_reviews(self, limit: int, start: str | None) -> tuple[list[Review], str | None]:
        """A page of the reviews that wait, oldest first; and the last one's id when there are more."""
        items, last = self.dynamodb.query(
            self.table,
            "#owner = :o AND begins_with(entry, :r)",
            {":o": "reviews", ":r": "R#"},
            names={"#owner": "owner"},
            limit=limit,
            start={"owner": "reviews", "entry": f"R#{start}"} if start else None,
        )
        keys = [
            Key(self.table, {"owner": f"review:{item['entry'][2:]}", "entry": "review"}) for item in items
        ]
        found = self.dynamodb.get_all(keys) if keys else []
        return [review_from(item) for item in found if item], last["entry"][2:] if last else None

    def add_review(self, session: Session, review: Review) -> None:
        """Queue a review. Queueing it again gives it the newer task token."""
        session.put(
            self.table,
            review_item(review),
            condition="attribute_not_exists(entry) OR #state = :open",
            names={"#state": "state"},
            values={":open": "open"},
            error=ReviewOpen(),
        )
        session.put(self.table, {"owner": "reviews", "entry": f"R#{review.id}"})

    def end_review(self, session: Session, review: Review) -> None:
        """Write how a review ended: it is open. It leaves the queue."""
        session.put(
            self.table,
            review_item(review),
            condition="#state = :open",
            names={"#state": "state"},
            values={":open": "open"},
            error=ReviewOpen(),
        )
        session.delete(self.table, {"owner": "reviews", "entry": f"R#{review.id}"})


def activity_item(activity: Activity) -> Item:
    """The item of an activity."""
    item: Item = {
        "owner": f"member:{activity.member_id}",
        "entry": f"A#{activity.id}",
        "programme": activity.programme_id,
        "behaviour": activity.behaviour,
        "status": activity.status,
        "occurred": clock.to_text(activity.occurred_at),
        "recorded": clock.to_text(activity.recorded_at),
        "quantity": dict(activity.quantity),
        "mg": activity.credits_mg,
        "points": activity.points,
        "record": dict(activity.record),
        "body_hash": activity.body_hash,
        "first": activity.first_status,
    }
    optional = {
        "evidence": list(activity.evidence_ids),
        "transfer": activity.entry_id,
        "reason": activity.reason_code,
    }
    return item | {name: value for name, value in optional.items() if value}


def activity_from(item: Mapping[str, Any]) -> Activity:
    """The activity of an item."""
    return Activity(
        id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        programme_id=item["programme"],
        behaviour=item["behaviour"],
        status=item["status"],
        occurred_at=clock.from_text(item["occurred"]),
        recorded_at=clock.from_text(item["recorded"]),
        quantity=item["quantity"],
        credits_mg=item["mg"],
        points=item["points"],
        record=item["record"],
        body_hash=item["body_hash"],
        first_status=item["first"],
        evidence_ids=tuple(item.get("evidence", ())),
        entry_id=item.get("transfer", ""),
        reason_code=item.get("reason", ""),
    )


def day_from(day: date, item: Mapping[str, Any] | None) -> Day:
    """The day of an item; an empty one when there is none."""
    if item is None:
        return Day(day)
    return Day(day, tuple(Entry(*entry) for entry in item["acts"]), item["v"])


def evidence_item(evidence: Evidence) -> Item:
    """The item of evidence."""
    return {
        "owner": f"member:{evidence.member_id}",
        "entry": f"E#{evidence.id}",
        "content_type": evidence.content_type,
        "size": evidence.size,
        "sha256": evidence.sha256,
        "prepared": clock.to_text(evidence.prepared_at),
        "body_hash": evidence.body_hash,
        "used_by": evidence.used_by,
    }


def evidence_from(item: Mapping[str, Any]) -> Evidence:
    """The evidence of an item."""
    return Evidence(
        id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        content_type=item["content_type"],
        size=item["size"],
        sha256=item["sha256"],
        prepared_at=clock.from_text(item["prepared"]),
        body_hash=item["body_hash"],
        used_by=item["used_by"],
    )


_REVIEW_TIMES = ("occurred_at", "submitted_at", "expires_at", "decided_at")


def review_item(review: Review) -> Item:
    """The item of a review."""
    item = {"owner": f"review:{review.id}", "entry": "review", **asdict(review)}
    item |= {name: clock.to_text(item[name]) for name in _REVIEW_TIMES if item[name]}
    return item


def review_from(item: Mapping[str, Any]) -> Review:
    """The review of an item."""
    fields = {name: value for name, value in item.items() if name not in ("owner", "entry")}
    fields |= {name: clock.from_text(fields[name]) for name in _REVIEW_TIMES if fields[name]}
    fields |= {name: tuple(fields[name]) for name in ("signals", "evidence_ids")}
    return Review(**fields)


def decision_in(item: Item) -> Decision | None:
    """The decision in an item of this table; None when it is no act that was verified, or is not decided yet."""
    if not item["entry"].startswith("A#") or item["first"] != VERIFYING or item["status"] == VERIFYING:
        return None
    return Decision(
        activity_id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        programme_id=item["programme"],
        behaviour=item["behaviour"],
        status=item["status"],
        credits_mg=item["mg"],
        points=item["points"],
        reason_code=item.get("reason", ""),
        transfer_id=item.get("transfer", ""),
    )


def require_evidence(activities: Activities, member_id: str, evidence_id: str) -> Evidence:
    """A member's evidence. Raises EvidenceNotFound, also when it is somebody else's."""
    found = activities.evidence(member_id, evidence_id)
    if found is None:
        raise EvidenceNotFound(evidence_id=evidence_id)
    return found
