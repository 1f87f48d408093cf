"""Acts and days in the activities' table.

| item     | owner (hash) | entry (range)   | holds |
|----------|--------------|-----------------|-------|
| activity | member:<id>  | A#<activity id> | the act, its status, what its explanation is rebuilt from |
| the same, of a partner's record | record:<activity id> | A#<activity id> | the same, with its member: one record, one act, of one member |
| day      | member:<id>  | D#<yyyy-mm-dd>  | acts: the day's entries in order, by the short names of ENTRY; v |
| notice   | member:<id>  | N#<activity id> | the member was notified |

An act near midnight has an entry in each day in which another report of it may lie, from the second on with nothing used.
The sparse index ``acts_by_next_check`` holds the acts that wait, by shard and by when to check them next: those to be collected
when their time is over, those that are verified from a while after they were recorded on.
"""

import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from puhui.activities.acts.days import Day, Entry
from puhui.activities.acts.model import (
    CREDITED,
    HELD,
    MATURING,
    VERIFYING,
    WALKING,
    Activity,
    is_of_record,
)
from puhui.activities.errors import ActivityOpen, AlreadyCorrected
from puhui.kernel import clock
from puhui.kernel.errors import DomainError
from puhui.kernel.grades import PHOTO, SELF_DECLARED, STEPS
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item
from puhui.store.versions import put_next

CHECK_SHARDS = 16  # 2000 acts a second, each one index write in and one out, are 250 a shard
FIRST_CHECK_AFTER = timedelta(minutes=10)  # a verification that needs no person ends in seconds


def _next_check(activity: Activity) -> Item:
    """When an act that waits is checked next, and in which shard of the index; nothing for one that does not wait."""
    at = activity.collect_by if activity.status == MATURING else None
    if activity.status == VERIFYING:
        at = activity.waits_since + FIRST_CHECK_AFTER
    if activity.status == HELD:
        at = activity.settles_at
    if at is None:
        return {}
    shard = zlib.crc32(activity.id.encode()) % CHECK_SHARDS
    return {"check_shard": f"{shard:02}", "next_check_at": clock.to_text(at)}


def _graded(item: Item) -> Item:
    """Acts did not say what showed them."""
    shown = PHOTO if item.get("evidence") else STEPS if item["behaviour"] == WALKING else SELF_DECLARED
    return {**item, "grade": shown}


_AS_STORED: dict[str, Any] = {
    "names": {
        "programme_id": "programme",
        "occurred_at": "occurred",
        "recorded_at": "recorded",
        "credits_mg": "mg",
        "first_status": "first",
        "evidence_ids": "evidence",
        "entry_id": "transfer",
        "reason_code": "reason",
        "matured_at": "matured",
        "shared_mg": "shared",
        "expired_mg": "expired",
        "ended_at": "ended",
        "partner_id": "partner",
        "settles_at": "settles",
    },
    "always": ("body_hash", "first_status", "shared_mg", "grade"),
    "extra": _next_check,
    "shape": 2,
    "upgrades": {1: _graded},
}
_OF_MEMBER = Record(Activity, owner="member:{member_id}", entry="A#{id}", **_AS_STORED)
_OF_RECORD = Record(Activity, owner="record:{id}", entry="A#{id}", **_AS_STORED)


class _Activities:
    """How acts are stored: a member's own under the member, a partner's record under itself."""

    @staticmethod
    def item(activity: Activity) -> Item:
        """The item of an act."""
        return (_OF_RECORD if is_of_record(activity.id) else _OF_MEMBER).item(activity)

    @staticmethod
    def read(item: Mapping[str, Any]) -> Activity:
        """The act of an item."""
        return (_OF_RECORD if item["owner"].startswith("record:") else _OF_MEMBER).read(item)

    @staticmethod
    def key(member_id: str, id: str) -> dict[str, str]:  # noqa: A002 the field's name
        """The key of an act."""
        return _OF_RECORD.key(id=id) if is_of_record(id) else _OF_MEMBER.key(member_id=member_id, id=id)


ACTIVITY = _Activities()

ENTRY = Record(
    Entry,
    names={
        "activity_id": "id",
        "programme_id": "p",
        "behaviour": "b",
        "start": "s",
        "end": "e",
        "acts": "n",
        "quantity": "q",
        "usual": "u",
        "kind": "k",
        "grade": "g",
        "recorded": "r",
    },
)
_BY_POSITION = ("id", "p", "b", "s", "e", "mg", "n", "q", "u", "k", "d")  # how entries were stored at first


def _named_entries(item: Item) -> Item:
    return {**item, "acts": [dict(zip(_BY_POSITION, entry, strict=False)) for entry in item["acts"]]}


def _graded_entries(item: Item) -> Item:
    """An entry said only whether mere word showed it: the others were photos, or a day's steps."""
    return {**item, "acts": [{**entry, "g": _former_grade(entry)} for entry in item["acts"]]}


def _former_grade(entry: Item) -> str:
    if entry.pop("d", False):
        return SELF_DECLARED
    return STEPS if entry["b"] == WALKING else PHOTO


DAY = Record(
    Day,
    owner="member:{member_id}",
    entry="D#{day}",
    names={"entries": "acts", "version": "v"},
    always=("entries", "version"),
    inner={Entry: ENTRY},
    shape=3,
    upgrades={1: _named_entries, 2: _graded_entries},
)


def _of(member_id: str, item: Item | None) -> Activity | None:
    """The act of an item, if it is this member's."""
    activity = ACTIVITY.read(item) if item else None
    return activity if activity and activity.member_id == member_id else None


class Acts:
    """The acts of members."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def key(self, member_id: str, activity_id: str) -> Key:
        """The key of an act."""
        return Key(self.table, ACTIVITY.key(member_id=member_id, id=activity_id))

    def find(self, member_id: str, activity_id: str) -> Activity | None:
        """A member's act."""
        item = self.dynamodb.get(*self.key(member_id, activity_id))
        return _of(member_id, item)

    def at(self, key: Key) -> Activity | None:
        """The act of a key, whoever's it is."""
        item = self.dynamodb.get(*key)
        return ACTIVITY.read(item) if item else None

    def find_all(self, member_id: str, activity_ids: Sequence[str]) -> list[Activity]:
        """Several acts of a member, in that order; one read."""
        if not activity_ids:
            return []
        items = self.dynamodb.get_all([self.key(member_id, activity_id) for activity_id in activity_ids])
        found = [_of(member_id, item) for item in items]
        return [each for each in found if each]

    def add(self, session: Session, activity: Activity) -> None:
        """A new act; the item that has its id decides between a repetition and another request."""
        error = SameRequest(body_hash=activity.body_hash)
        session.put(self.table, ACTIVITY.item(activity), unless="entry", error=error)

    def put_walk(self, session: Session, earlier: Activity | None, grown: Activity) -> None:
        """Write a day's walk, new or grown: its day guards it against other syncs, and this against a correction or a verifier who came since
        ``earlier`` was read."""
        error = OptimisticLockFailed()
        if earlier is None:
            session.put(self.table, ACTIVITY.item(grown), unless="entry", error=error)
            return
        session.put(
            self.table,
            ACTIVITY.item(grown),
            condition="mg = :mg AND #status = :status AND attribute_not_exists(correction)",
            names={"#status": "status"},
            values={":mg": earlier.credits_mg, ":status": earlier.status},
            error=error,
        )

    def all_at(self, keys: Sequence[Key]) -> list[Activity]:
        """The acts of these keys, in that order; one read."""
        items = self.dynamodb.get_all(keys) if keys else []
        return [ACTIVITY.read(item) for item in items if item]

    def change_status(self, session: Session, before: Activity, after: Activity) -> None:
        """Write what became of an act that was verified or held: it still is, as it was read, and nobody proposed to void it since."""
        session.put(
            self.table,
            ACTIVITY.item(after),
            condition="#status = :before AND "
            + ("voiding = :voiding" if before.voiding else "attribute_not_exists(voiding)"),
            names={"#status": "status"},
            values={":before": before.status} | ({":voiding": before.voiding} if before.voiding else {}),
            error=ActivityOpen(),
        )

    def change_ended(self, session: Session, before: Activity, after: Activity) -> None:
        """Write what became of an act that has ended: nobody has changed it since it was read."""
        session.put(
            self.table,
            ACTIVITY.item(after),
            condition="#status = :status AND mg = :mg AND (attribute_not_exists(appeal) OR appeal = :appeal)"
            " AND (attribute_not_exists(correction) OR correction = :correction)",
            names={"#status": "status"},
            values={
                ":status": before.status,
                ":mg": before.credits_mg,
                ":appeal": dict(before.appeal),
                ":correction": dict(before.correction),
            },
            error=OptimisticLockFailed(),
        )

    def keep_assessment(self, activity: Activity, rules: Sequence[str], shadows: Sequence[str]) -> None:
        """Keep which rules fired in an act that is still being verified."""
        if (tuple(rules), tuple(shadows)) == (activity.rules, activity.shadows):
            return
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self.key(activity.member_id, activity.id),
                "SET #rules = :rules, shadows = :shadows",
                {":rules": list(rules), ":shadows": list(shadows), ":verifying": VERIFYING},
                names={"#status": "status", "#rules": "rules"},
                condition="#status = :verifying",
            )

    def change_claim(self, session: Session, before: Activity, after: Activity) -> None:
        """Write what became of an act that waits to be collected: nobody has changed it since it was read."""
        session.put(
            self.table,
            ACTIVITY.item(after),
            condition="#status = :maturing AND #shared = :shared AND mg = :mg",
            names={"#status": "status", "#shared": "shared"},
            values={":maturing": MATURING, ":shared": before.shared_mg, ":mg": before.credits_mg},
            error=OptimisticLockFailed(),
        )

    def check_again(self, activity: Activity, at: datetime) -> None:
        """Have an act that still waits as it was read checked again then."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self.key(activity.member_id, activity.id),
                "SET next_check_at = :at",
                {":at": clock.to_text(at), ":status": activity.status},
                names={"#status": "status"},
                condition="#status = :status",
            )

    def to_check(self, shard: int, now: datetime, start: Item | None = None) -> tuple[list[Key], Item | None]:
        """A page of the keys of acts whose next check has come, earliest first."""
        items, last = self.dynamodb.query(
            self.table,
            "check_shard = :s AND next_check_at <= :now",
            {":s": f"{shard:02}", ":now": clock.to_text(now)},
            index="acts_by_next_check",
            start=start,
        )
        keys = [Key(self.table, {"owner": item["owner"], "entry": item["entry"]}) for item in items]
        return keys, last

    def add_correction(
        self, session: Session, read: Activity, mg: int, points: int, correction: Mapping[str, Any]
    ) -> None:
        """Write what a corrected factor makes of an act that was read: once."""
        session.update(
            *self.key(read.member_id, read.id),
            "SET mg = :mg, points = :points, correction = :correction",
            {
                ":mg": mg,
                ":points": points,
                ":correction": correction,
                ":before": read.credits_mg,
                ":credited": CREDITED,
            },
            names={"#status": "status"},
            condition="mg = :before AND #status = :credited AND attribute_not_exists(correction)",
            error=_IsUncorrected(),
        )

    def first_notice(self, member_id: str, activity_id: str) -> bool:
        """Whether nobody has notified the member about this act yet; from now on somebody has."""
        try:
            self.dynamodb.update(
                self.table,
                {"owner": f"member:{member_id}", "entry": f"N#{activity_id}"},
                "SET notified = :yes",
                {":yes": True},
                condition="attribute_not_exists(notified)",
            )
        except ConditionFailed:
            return False
        return True


class _IsUncorrected(DomainError):
    """The condition of a correction: the act is as it was read, and none corrected it."""

    def found(self, item: Item | None) -> DomainError:
        return AlreadyCorrected() if item and "correction" in item else OptimisticLockFailed()


class Days:
    """The days of members: what their acts have used of caps and of time."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def key(self, member_id: str, day: date) -> Key:
        """The key of a member's day."""
        return Key(self.table, DAY.key(member_id=member_id, day=day))

    def read(self, member_id: str, day: date, item: Mapping[str, Any] | None) -> Day:
        """The day of an item; an empty one when there is none."""
        return DAY.read(item) if item else Day(day, member_id=member_id)

    def find_all(self, member_id: str, dates: Sequence[date]) -> list[Day]:
        """A member's days of these dates; one read, none when there are no dates."""
        if not dates:
            return []
        items = self.dynamodb.get_all([self.key(member_id, day) for day in dates])
        return [self.read(member_id, day, item) for day, item in zip(dates, items, strict=True)]

    def latest(self, member_id: str, before: date | None, limit: int) -> list[Day]:
        """Up to ``limit`` days with acts, latest first, from ``before`` (inclusive) back."""
        last = DAY.key(member_id=member_id, day=before or date.max)["entry"]
        items, _ = self.dynamodb.query(
            self.table,
            "#owner = :o AND entry BETWEEN :first AND :last",
            {":o": f"member:{member_id}", ":first": "D#", ":last": last},
            names={"#owner": "owner"},
            limit=limit,
            forward=False,
        )
        return [DAY.read(item) for item in items]

    def put(self, session: Session, day: Day) -> None:
        """Write a day that was worked out from the version that was read."""
        put_next(session, self.table, DAY, day)
