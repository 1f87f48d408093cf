"""The activities' table: the only file, with ``photos.py``, that knows its keys and attributes.

| item          | owner (hash)      | entry (range)   | holds |
|---------------|-------------------|-----------------|-------|
| activity      | member:<id>       | A#<activity id> | the act, its status, what its explanation is rebuilt from |
| day           | member:<id>       | D#<yyyy-mm-dd>  | the day's acts in order: id, behaviour, time, what each used; v |
| membership    | member:<id>       | M#<programme>   | joined, left, terms, accepted |
| household     | member:<id>       | household       | spells: [household id, first day, last day or ""] |
| people        | household:<id>    | people          | people: {member id: [[first day, last day or ""]]}; v |
| period        | household:<id>, member:<id> | P#<behaviour> | days that were told of: [first, last, activity id]; v |
| household day | household:<id>    | D#<yyyy-mm-dd>  | <programme>#<behaviour>#mg and #acts; v |
| taking        | member:<id>       | T#<activity id> | what this member took of a friend's act |
| taking day    | member:<id>       | S#<programme>#<yyyy-mm-dd> | mg taken of friends' acts on that day; v |
| evidence      | member:<id>       | E#<evidence id> | what was announced; used_by |
| answer        | member:<id>       | I#<key id>      | the first answer to an idempotency key |
| notice        | member:<id>       | N#<activity id> | the member was told |
| photo, print  |                   |                 | see ``photos.py`` |
| check         | trace:<trace id>  | check           | verdict and task token of a content check |
| review        | review:<id>       | review          | the review and its task token |
| open review   | reviews           | R#<review id>   | queue of the reviewers |

An act near midnight stands in each day in which another telling of it may lie, from the second on with nothing used.
The sparse index ``claims_by_due`` holds the acts that wait, by shard and by when to look at them: those to be collected when
their time is over, those that are verified from a while after they were recorded on.
"""

import os
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from puhui.activities.errors import (
    ActivityOpen,
    ActivityStands,
    ClaimMoved,
    CorrectionStands,
    DayMoved,
    EvidenceFree,
    EvidenceNotFound,
    ReviewOpen,
    TakenBefore,
)
from puhui.activities.model import (
    CREDITED,
    JOINED,
    MATURING,
    VERIFYING,
    Activity,
    Day,
    Decision,
    Entry,
    Evidence,
    HouseholdDay,
    Membership,
    Review,
    Taking,
)
from puhui.activities.periods import Claimed
from puhui.kernel import clock
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.session import Session
from puhui.store.values import Item

DUE_SHARDS = 16  # 2000 acts a second, each one index write in and one out, are 250 a shard
LOOK_AFTER = timedelta(
    minutes=10
)  # a verification that no person has a part in has ended by then, if not in seconds


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

    def days_at(self, member_id: str, dates: Sequence[date]) -> list[Day]:
        """A member's days of these dates; one read, none when there are no dates."""
        if not dates:
            return []
        items = self.dynamodb.get_all([self.day_key(member_id, day) for day in dates])
        return [day_from(day, item) for day, item in zip(dates, items, strict=True)]

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

    def change_claim(self, session: Session, before: Activity, after: Activity) -> None:
        """Write what became of an act that waits to be collected: nobody has touched it since it was read."""
        session.put(
            self.table,
            activity_item(after),
            condition="#status = :maturing AND taken = :taken AND mg = :mg",
            names={"#status": "status"},
            values={":maturing": MATURING, ":taken": before.taken_mg, ":mg": before.credits_mg},
            error=ClaimMoved(),
        )

    def look_again(self, activity: Activity, at: datetime) -> None:
        """Have an act that is still being verified looked at again then."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self.activity_key(activity.member_id, activity.id),
                "SET due = :at",
                {":at": clock.to_text(at), ":verifying": VERIFYING},
                names={"#status": "status"},
                condition="#status = :verifying",
            )

    def due_acts(
        self, shard: int, now: datetime, start: Item | None = None
    ) -> tuple[list[tuple[str, str]], Item | None]:
        """A page of (member id, activity id) that are to be looked at, earliest first."""
        items, last = self.dynamodb.query(
            self.table,
            "due_shard = :s AND due <= :now",
            {":s": f"{shard:02}", ":now": clock.to_text(now)},
            index="claims_by_due",
            start=start,
        )
        return [(item["owner"].partition(":")[2], item["entry"][2:]) for item in items], last

    # What friends take

    def taking_key(self, member_id: str, activity_id: str) -> Key:
        """Where it stands what a member took of a friend's act."""
        return Key(self.table, {"owner": f"member:{member_id}", "entry": f"T#{activity_id}"})

    def taking_day_key(self, member_id: str, programme_id: str, day: date) -> Key:
        """Where it stands how much a member took of friends' acts on one day."""
        return Key(
            self.table, {"owner": f"member:{member_id}", "entry": f"S#{programme_id}#{day.isoformat()}"}
        )

    def add_taking(self, session: Session, member_id: str, taking: Taking, day: date, item: Item) -> None:
        """Write that a member took something, once, and count it into the day, which is still what was read."""
        session.put(self.table, taking_item(member_id, taking), unless="entry", error=TakenBefore())
        session.put(
            self.table,
            {
                **self.taking_day_key(member_id, taking.programme_id, day).key,
                "mg": item.get("mg", 0) + taking.mg,
                "v": item.get("v", 0) + 1,
            },
            condition="v = :v" if item else "attribute_not_exists(v)",
            values={":v": item["v"]} if item else None,
            error=DayMoved(),
        )

    # Programmes and households

    def membership_key(self, member_id: str, programme_id: str) -> Key:
        """Where a membership stands."""
        return Key(self.table, {"owner": f"member:{member_id}", "entry": f"M#{programme_id}"})

    def memberships(self, member_id: str) -> list[Membership]:
        """The programmes that a member joined, those that were left among them."""
        items = self.dynamodb.all_entries(self.table, ("owner", f"member:{member_id}"), "M#")
        return [membership_from(item) for item in items]

    def join(self, member_id: str, programme_id: str, terms: str, now: datetime) -> Membership:
        """Take part in a programme, from now on if not before, by these terms."""
        item = self.dynamodb.update(
            self.table,
            self.membership_key(member_id, programme_id).key,
            "SET joined = if_not_exists(joined, :now), terms = :terms, accepted = :how REMOVE #left",
            {":now": clock.to_text(now), ":terms": terms, ":how": JOINED},
            names={"#left": "left"},
        )
        return membership_from(item)

    def join_first(self, member_id: str, programme_id: str, terms: str, how: str, now: datetime) -> None:
        """Take part in a programme, unless the member has joined or left it before; ``how`` its terms were accepted."""
        try:
            self.dynamodb.update(
                self.table,
                self.membership_key(member_id, programme_id).key,
                "SET joined = :now, terms = :terms, accepted = :how",
                {":now": clock.to_text(now), ":terms": terms, ":how": how},
                condition="attribute_not_exists(entry)",
            )
        except ConditionFailed:
            return

    def leave(self, member_id: str, programme_id: str, now: datetime) -> None:
        """Take no part in a programme any more."""
        self.dynamodb.update(
            self.table,
            self.membership_key(member_id, programme_id).key,
            "SET joined = if_not_exists(joined, :now), #left = if_not_exists(#left, :now)",
            {":now": clock.to_text(now)},
            names={"#left": "left"},
        )

    def household_key(self, member_id: str) -> Key:
        """Where it stands in which households a member was."""
        return Key(self.table, {"owner": f"member:{member_id}", "entry": "household"})

    def put_household(
        self, session: Session, member_id: str, spells: Sequence[Sequence[str]], version: int
    ) -> None:
        """Write in which households a member was, worked out from the version that was read."""
        key, kept = self.household_key(member_id), [list(spell) for spell in spells]
        self._put_version(session, key, {"spells": kept}, version)

    def people_key(self, household: str) -> Key:
        """Where it stands who was in a household, and when."""
        return Key(self.table, {"owner": f"household:{household}", "entry": "people"})

    def put_people(self, session: Session, household: str, people: Mapping[str, Any], version: int) -> None:
        """Write who was in a household, worked out from the version that was read."""
        self._put_version(session, self.people_key(household), {"people": people}, version)

    def period_key(self, owner: str, behaviour: str) -> Key:
        """Where the days stand that were told of a household or a member."""
        return Key(self.table, {"owner": owner, "entry": f"P#{behaviour}"})

    def put_period(self, session: Session, claimed: Claimed) -> None:
        """Write which days were told of, worked out from the version that was read."""
        key = self.period_key(claimed.owner, claimed.behaviour)
        self._put_version(session, key, {"days": [list(span) for span in claimed.spans]}, claimed.version)

    def _put_version(self, session: Session, key: Key, values: Item, version: int) -> None:
        session.put(
            self.table,
            {**key.key, **values, "v": version + 1},
            condition="v = :v" if version else "attribute_not_exists(v)",
            values={":v": version} if version else None,
            error=DayMoved(),
        )

    def household_day_key(self, household: str, day: date) -> Key:
        """Where it stands what a household did on a day."""
        return Key(self.table, _household_day_key(household, day))

    def add_to_household_day(self, session: Session, read: HouseholdDay, entry: Entry) -> None:
        """Count an act into the household's day that was read."""
        self._count(session, read.household, read.day, entry, 1, read.version)

    def free_household_day(self, session: Session, household: str, day: date, entry: Entry) -> None:
        """Count an act out of a household's day again."""
        self._count(session, household, day, entry, -1, None)

    def _count(
        self, session: Session, household: str, day: date, entry: Entry, sign: int, version: int | None
    ) -> None:
        name = f"{entry.programme_id}#{entry.behaviour}#"
        values: dict[str, Any] = {":mg": sign * entry.mg, ":acts": sign * entry.acts, ":one": 1}
        condition = None
        if version is not None:
            condition = "v = :v" if version else "attribute_not_exists(v)"
            values |= {":v": version} if version else {}
        session.update(
            self.table,
            _household_day_key(household, day),
            "ADD #mg :mg, #acts :acts, v :one",
            values,
            names={"#mg": f"{name}mg", "#acts": f"{name}acts"},
            condition=condition,
            error=DayMoved(),
        )

    def put_day(self, session: Session, member_id: str, day: Day) -> None:
        """Write a day that was worked out from the version that was read."""
        acts = [list(asdict(entry).values()) for entry in day.entries]
        self._put_version(session, self.day_key(member_id, day.day), {"acts": acts}, day.version)

    def add_correction(
        self, session: Session, read: Activity, mg: int, points: int, told: Mapping[str, Any]
    ) -> None:
        """Write what a corrected factor makes of an act that was read: once."""
        session.update(
            *self.activity_key(read.member_id, read.id),
            "SET mg = :mg, points = :points, correction = :told",
            {":mg": mg, ":points": points, ":told": told, ":before": read.credits_mg, ":credited": CREDITED},
            names={"#status": "status"},
            condition="mg = :before AND #status = :credited AND attribute_not_exists(correction)",
            error=CorrectionStands(),
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
        items, last = self.dynamodb.entries(self.table, ("owner", "reviews"), "R#", limit=limit, after=start)
        keys = [
            Key(self.table, {"owner": f"review:{item['entry'][2:]}", "entry": "review"}) for item in items
        ]
        found = self.dynamodb.get_all(keys) if keys else []
        return [review_from(item) for item in found if item], last

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
        "note": activity.note,
        "household": activity.household,
        "lapsed": activity.lapsed_mg,
        "joins": activity.joins,
        "points_only": activity.points_only,
        "ended": clock.to_text(activity.ended_at) if activity.ended_at else "",
        "signals": list(activity.signals),
        "correction": dict(activity.correction),
    }
    item |= {name: value for name, value in optional.items() if value}
    if activity.matured_at and activity.collect_by:
        item |= {
            "matured": clock.to_text(activity.matured_at),
            "collect_by": clock.to_text(activity.collect_by),
            "taken": activity.taken_mg,
        }
    if look_at := _look_at(activity):
        shard = zlib.crc32(activity.id.encode()) % DUE_SHARDS
        item |= {"due_shard": f"{shard:02}", "due": clock.to_text(look_at)}
    return item


def _look_at(activity: Activity) -> datetime | None:
    """When somebody has to look at an act that waits; None for one that does not."""
    if activity.status == VERIFYING:
        return activity.recorded_at + LOOK_AFTER
    return activity.collect_by if activity.status == MATURING else None


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
        note=item.get("note", ""),
        matured_at=clock.from_text(item["matured"]) if "matured" in item else None,
        collect_by=clock.from_text(item["collect_by"]) if "collect_by" in item else None,
        taken_mg=item.get("taken", 0),
        lapsed_mg=item.get("lapsed", 0),
        household=item.get("household", ""),
        joins=item.get("joins", False),
        ended_at=clock.from_text(item["ended"]) if "ended" in item else None,
        signals=tuple(item.get("signals", ())),
        points_only=item.get("points_only", False),
        correction=item.get("correction", {}),
    )


def day_from(day: date, item: Mapping[str, Any] | None) -> Day:
    """The day of an item; an empty one when there is none."""
    if item is None:
        return Day(day)
    return Day(day, tuple(Entry(*entry) for entry in item["acts"]), item["v"])


def membership_from(item: Mapping[str, Any]) -> Membership:
    """The membership of an item."""
    left = clock.from_text(item["left"]) if "left" in item else None
    joined = clock.from_text(item["joined"])
    return Membership(item["entry"][2:], joined, left, item.get("terms", ""), item.get("accepted", ""))


def _household_day_key(household: str, day: date) -> dict[str, str]:
    return {"owner": f"household:{household}", "entry": f"D#{day.isoformat()}"}


def household_day_from(household: str, day: date, item: Mapping[str, Any] | None) -> HouseholdDay:
    """The household's day of an item; an empty one when there is none."""
    item = item or {}
    used: dict[tuple[str, str], tuple[int, int]] = {}
    for name, mg in item.items():
        if name.endswith("#mg"):
            programme_id, behaviour, _ = name.split("#")
            used[programme_id, behaviour] = mg, item[f"{programme_id}#{behaviour}#acts"]
    return HouseholdDay(household, day, used, item.get("v", 0))


def claimed_from(owner: str, behaviour: str, item: Mapping[str, Any] | None) -> Claimed:
    """The days told of by an item; none when there is no item."""
    if item is None:
        return Claimed(owner, behaviour)
    return Claimed(owner, behaviour, tuple((first, last, of) for first, last, of in item["days"]), item["v"])


def taking_item(member_id: str, taking: Taking) -> Item:
    """The item of what a member took of a friend's act."""
    return {
        "owner": f"member:{member_id}",
        "entry": f"T#{taking.activity_id}",
        "of": taking.owner_id,
        "programme": taking.programme_id,
        "behaviour": taking.behaviour,
        "mg": taking.mg,
        "points": taking.points,
        "transfer": taking.transfer_id,
        "at": clock.to_text(taking.at),
    }


def taking_from(item: Mapping[str, Any]) -> Taking:
    """What an item says a member took."""
    return Taking(
        activity_id=item["entry"][2:],
        owner_id=item["of"],
        programme_id=item["programme"],
        behaviour=item["behaviour"],
        mg=item["mg"],
        points=item["points"],
        transfer_id=item["transfer"],
        at=clock.from_text(item["at"]),
    )


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


_REVIEW_TIMES = ("occurred_at", "ended_at", "submitted_at", "expires_at", "decided_at")


def review_item(review: Review) -> Item:
    """The item of a review."""
    item = {"owner": f"review:{review.id}", "entry": "review", **asdict(review)}
    item |= {name: clock.to_text(item[name]) for name in _REVIEW_TIMES if item[name]}
    return item


def review_from(item: Mapping[str, Any]) -> Review:
    """The review of an item."""
    fields = {name: value for name, value in item.items() if name not in ("owner", "entry")}
    fields |= {name: clock.from_text(fields[name]) for name in _REVIEW_TIMES if fields.get(name)}
    fields |= {name: tuple(fields[name]) for name in ("signals", "evidence_ids")}
    return Review(**fields)


def decision_in(item: Item) -> Decision | None:
    """The decision in an item of this table; None when it is no act that was verified, or is not decided yet. Of an act
    that is to be collected it is told when that has ended."""
    if not item["entry"].startswith("A#") or item["first"] != VERIFYING:
        return None
    if item["status"] in (VERIFYING, MATURING):
        return None
    return Decision(
        activity_id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        programme_id=item["programme"],
        behaviour=item["behaviour"],
        status=item["status"],
        credits_mg=0 if item.get("points_only") else item["mg"],
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
