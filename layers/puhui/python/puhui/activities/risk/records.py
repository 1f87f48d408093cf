"""What risk rules remember, in the activities' table. Everything here is written by the table's stream or by the schedule, after the
act; recording an act reads at most the day of its device, in the same request as the rest.

| item        | owner (hash)       | entry (range)                   | holds |
|-------------|--------------------|---------------------------------|-------|
| rule        | rules              | R#<id>@<version>                | fired, decided, confirmed: in how many acts |
| counted     | counted:<activity> | fired, decided                  | that this was counted; ends |
| device      | device:<hash>      | D#<yyyy-mm-dd>                  | people: marks of the members, or homes, that used it; ends |
| steps       | steps:<hash>       | steps                           | who: the mark of who first had so many steps on that day; ends |
| held act    | held:<programme>   | H#<settles at>#<activity id>    | member_id; ends |
| rank        | member:<id>        | risk                            | rank: what the platform said last; ends |

A mark is a name that leads to nobody without the list of members. A device is known by a keyed hash of what its client calls it.
"""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session
from puhui.store.values import Item

FIRED, DECIDED = "fired", "decided"
PEOPLE_MAX = 20  # beyond that one more says nothing new
DEVICE_LIFE = timedelta(days=7)
STEPS_LIFE = timedelta(days=40)  # WeRun tells of 31 days
COUNTED_LIFE = timedelta(days=180)
RANK_LIFE = timedelta(days=7)
HELD_LIFE = timedelta(days=60)  # after it was to be settled: what is left of an act that ended


@dataclass(frozen=True)
class RuleCount:
    """In how many acts a rule fired, how many of those a person decided, and how many of those were refused."""

    fired: int = 0
    decided: int = 0
    confirmed: int = 0

    @property
    def precision_percent(self) -> int | None:
        """Of a hundred acts in which it fired and a person decided, how many were refused; None where nobody decided one."""
        return 100 * self.confirmed // self.decided if self.decided else None


def mark_of(name: str) -> str:
    """The mark of a member or a home."""
    return ids.key_id("mark", name)


def device_hash(device_id: str, key: bytes) -> str:
    """The name under which a device is known for some days."""
    return hmac.digest(key, device_id.encode(), "sha256").hex()[:32]


class RiskRecords:
    """What rules remember."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def count_fired(self, activity_id: str, names: Sequence[str], now: datetime) -> None:
        """Count that these rules fired in an act: once, however often it is asked."""
        self._count(activity_id, FIRED, names, "ADD fired :one", now)

    def count_decided(
        self, activity_id: str, names: Sequence[str], now: datetime, *, confirmed: bool
    ) -> None:
        """Count that a person decided an act in which these rules fired, and whether it was refused: once."""
        change = "ADD decided :one, confirmed :one" if confirmed else "ADD decided :one"
        self._count(activity_id, DECIDED, names, change, now)

    def _count(self, activity_id: str, what: str, names: Sequence[str], change: str, now: datetime) -> None:
        if not names:
            return
        session = Session(self.dynamodb)
        counted = {"owner": f"counted:{activity_id}", "entry": what, "ends": _ends(now, COUNTED_LIFE)}
        session.put(self.table, counted, unless="entry", error=AlreadyExists())
        for name in dict.fromkeys(names):
            session.update(self.table, {"owner": "rules", "entry": f"R#{name}"}, change, {":one": 1})
        with suppress(AlreadyExists):
            session.commit()

    def counts(self) -> Mapping[str, RuleCount]:
        """What was counted, by the names of rules; one query, since rules are few."""
        return {
            item["entry"][2:]: RuleCount(*(item.get(name, 0) for name in ("fired", "decided", "confirmed")))
            for item in self.dynamodb.all_entries(self.table, ("owner", "rules"), "R#")
        }

    def device_key(self, device: str, day: date) -> Key:
        """The key of who used a device on a day."""
        return Key(self.table, {"owner": f"device:{device}", "entry": f"D#{day.isoformat()}"})

    def used_device(self, device: str, day: date, mark: str) -> None:
        """Put on record that a member, or a home, used a device."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self.device_key(device, day),
                "ADD people :one SET ends = :ends",
                {
                    ":one": {mark},
                    ":ends": _ends(clock.day_start(day), DEVICE_LIFE),
                    ":most": PEOPLE_MAX,
                },
                condition="attribute_not_exists(people) OR size(people) < :most",
            )

    def steps_key(self, day: date, steps: int) -> Key:
        """The key of who first had so many steps on a day."""
        return Key(
            self.table, {"owner": f"steps:{ids.key_id(day.isoformat(), str(steps))}", "entry": "steps"}
        )

    def walked(self, day: date, steps: int, mark: str) -> None:
        """Put on record who had so many steps on a day, unless somebody had them before."""
        with suppress(ConditionFailed):
            self.dynamodb.assign(
                *self.steps_key(day, steps),
                {"who": mark, "ends": _ends(clock.day_start(day), STEPS_LIFE)},
                new=True,
            )

    def hold(self, programme_id: str, settles_at: datetime, activity_id: str, member_id: str) -> None:
        """Put a held act into its programme's list."""
        item = _held_key(programme_id, settles_at, activity_id)
        more = {"member_id": member_id, "ends": _ends(settles_at, HELD_LIFE)}
        self.dynamodb.put_all(self.table, [item | more])

    def release(self, programme_id: str, settles_at: datetime, activity_id: str) -> None:
        """Take an act that is held no longer out of its programme's list."""
        self.dynamodb.delete_all(self.table, [_held_key(programme_id, settles_at, activity_id)])

    def page_of_held(
        self, programme_id: str, limit: int, start: str | None
    ) -> tuple[list[tuple[str, str]], str | None]:
        """A page of (member id, activity id) of a programme's held acts, first to settle first; and what the next one starts after."""
        owner = ("owner", f"held:{programme_id}")
        items, last = self.dynamodb.entries(self.table, owner, "H#", limit=limit, after=start)
        return [(item["member_id"], item["entry"].rpartition("#")[2]) for item in items], last

    def rank_of(self, member_id: str) -> int | None:
        """What the platform said of a member within the last days."""
        item = self.dynamodb.get(self.table, {"owner": f"member:{member_id}", "entry": "risk"})
        return item["rank"] if item else None

    def put_rank(self, member_id: str, rank: int, now: datetime) -> None:
        """Keep what the platform said of a member."""
        key = {"owner": f"member:{member_id}", "entry": "risk"}
        self.dynamodb.assign(self.table, key, {"rank": rank, "ends": _ends(now, RANK_LIFE)})


def others_on(item: Mapping[str, Any] | None, member_id: str) -> int:
    """How many others used the device of an item."""
    return len(set(item.get("people", ())) - {mark_of(member_id)}) if item else 0


def copied_days(items: Sequence[Item | None], member_id: str) -> int:
    """On how many days of a sync the steps are those of one and the same other account."""
    who = [item["who"] for item in items if item]
    others = [each for each in who if each != mark_of(member_id)]
    return max((others.count(each) for each in set(others)), default=0)


def _held_key(programme_id: str, settles_at: datetime, activity_id: str) -> dict[str, str]:
    return {"owner": f"held:{programme_id}", "entry": f"H#{clock.to_text(settles_at)}#{activity_id}"}


def _ends(at: datetime, life: timedelta) -> int:
    return int((at + life).timestamp())
