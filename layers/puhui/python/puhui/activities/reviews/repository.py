"""Reviews in the activities' table.

| item        | owner (hash)    | entry (range) | holds |
|-------------|-----------------|---------------|-------|
| review      | review:<id>     | review        | the review and its task token |
| open review | reviews         | R#<review id> | queue of the reviewers, in the order in which the acts were recorded |
| the same    | reviews:<queue> | R#<review id> | the queue of a programme, of a region, of a cluster |
| decided     | reviews:<programme> | F#<day>   | ``decided`` and ``in_time``: how many reviews on that day |
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from puhui.activities.errors import LeaseLost, ReviewDecided, ReviewNotFound, ReviewOpen
from puhui.activities.reviews.model import OPEN, REVERSAL, Review, in_time
from puhui.kernel import clock, ids
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

REVERSALS = "reversals"  # the shard of the index acts_by_next_check that has the open ones, by their end


def _due(review: Review) -> Item:
    """Nobody but the schedule ends a reversal that was not confirmed; a verification has a machine that waits for it."""
    if review.kind != REVERSAL or review.state != OPEN:
        return {}
    return {"check_shard": REVERSALS, "next_check_at": clock.to_text(review.expires_at)}


REVIEW = Record(
    Review,
    owner="review:{id}",
    entry="review",
    extra=_due,
    always=("state", "decision", "reason_code", "lease", "lease_owner"),
)
_NAMES = {"#state": "state"}
_AS_READ = "#state = :open AND (lease = :read OR (attribute_not_exists(lease) AND :read = :none))"


class Reviews:
    """Acts that wait for a person, or were decided by one."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, review_id: str) -> Review | None:
        """A review, whatever its state."""
        item = self.dynamodb.get(self.table, REVIEW.key(id=review_id))
        return REVIEW.read(item) if item else None

    def page_of_open(
        self, limit: int, start: str | None, queue: str = "", before: datetime | None = None
    ) -> tuple[list[Review], str | None]:
        """A page of the reviews that wait in a queue, oldest first, of acts recorded ``before``; and the last one's id when there are
        more."""
        found, last = self._page(queue, limit, start, before)
        keys = [Key(self.table, REVIEW.key(id=review_id)) for review_id in found]
        items = self.dynamodb.get_all(keys) if keys else []
        return [REVIEW.read(item) for item in items if item], last

    def waiting(self, queue: str) -> Iterator[str]:
        """The ids of all reviews in a queue, oldest first."""
        for item in self.dynamodb.all_entries(self.table, ("owner", _owner(queue)), "R#"):
            yield item["entry"][2:]

    def _page(
        self, queue: str, limit: int, start: str | None, before: datetime | None
    ) -> tuple[list[str], str | None]:
        owner = _owner(queue)
        until = f"R#{ids.first_id(before)}" if before else "R#~"
        items, last = self.dynamodb.query(
            self.table,
            "#owner = :owner AND entry BETWEEN :first AND :until",
            {":owner": owner, ":first": "R#", ":until": until},
            names={"#owner": "owner"},
            limit=limit,
            start={"owner": owner, "entry": f"R#{start}"} if start is not None else None,
        )
        return [item["entry"][2:] for item in items], last["entry"][2:] if last else None

    def add(self, session: Session, review: Review) -> None:
        """A new review."""
        session.put(self.table, REVIEW.item(review), unless="entry", error=ReviewOpen())
        for queue in review.queues:
            session.put(self.table, {"owner": _owner(queue), "entry": f"R#{review.id}"})

    def renew(self, review: Review) -> bool:
        """Give a review that waits already a newer task token and end; whether it still waits."""
        until, token = clock.to_text(review.expires_at), review.task_token
        found = self._change(
            review.id,
            "SET task_token = :token, expires_at = :until",
            {":token": token, ":until": until},
            "#state = :open",
            {},
        )
        return found is not None

    def put(self, session: Session, before: Review, after: Review) -> None:
        """Write an open review in place of the one that was read: nobody has taken it since, and it is open. When it is so no longer it
        leaves the queues."""
        session.put(
            self.table,
            REVIEW.item(after),
            condition=_AS_READ,
            names=_NAMES,
            values={":open": OPEN, ":read": before.lease, ":none": 0},
            error=ReviewOpen(),
        )
        if after.state != OPEN:
            for queue in before.queues:
                session.delete(self.table, {"owner": _owner(queue), "entry": f"R#{before.id}"})

    def forget(self, review_id: str) -> None:
        """Remove a review, as if it had never been."""
        if review := self.find(review_id):
            queued = [{"owner": _owner(queue), "entry": f"R#{review_id}"} for queue in review.queues]
            self.dynamodb.delete_all(self.table, [*queued, REVIEW.key(id=review_id)])

    def count(self, session: Session, review: Review) -> None:
        """Count a decided review on its day."""
        assert review.decided_at is not None  # noqa: S101 it is decided
        session.update(
            self.table,
            {"owner": _owner(review.programme_id), "entry": f"F#{clock.programme_day(review.decided_at)}"},
            "ADD decided :one, in_time :in_time",
            {":one": 1, ":in_time": int(in_time(review))},
        )

    def take(self, review: Review, reviewer_id: str, until: datetime, now: datetime) -> Review | None:
        """Lease a review that nobody has: under the next number. None when somebody was faster."""
        return self._change(
            review.id,
            "SET lease_owner = :me, lease_until = :until, lease = :next",
            {":me": reviewer_id, ":until": clock.to_text(until), ":next": review.lease + 1},
            f"{_AS_READ} AND (attribute_not_exists(lease_until) OR lease_until <= :now)",
            {":read": review.lease, ":none": 0, ":now": clock.to_text(now)},
        )

    def extend(self, review: Review, until: datetime) -> Review | None:
        """Lease it for longer, under the same number. None when it was taken meanwhile, or decided."""
        return self._change(
            review.id,
            "SET lease_until = :until",
            {":until": clock.to_text(until)},
            "#state = :open AND lease = :lease",
            {":lease": review.lease},
        )

    def decline(self, review: Review, reviewer_id: str) -> Review | None:
        """End a lease; the review does not come to this reviewer again. None when it was taken meanwhile, or decided."""
        return self._change(
            review.id,
            "SET declined_by = list_append(if_not_exists(declined_by, :empty), :me), lease_owner = :nobody, lease = :next"
            " REMOVE lease_until",
            {":me": [reviewer_id], ":empty": [], ":nobody": "", ":next": review.lease + 1},
            "#state = :open AND lease = :lease",
            {":lease": review.lease},
        )

    def _change(
        self,
        review_id: str,
        expression: str,
        values: dict[str, Any],
        condition: str,
        more: dict[str, Any],
    ) -> Review | None:
        try:
            item = self.dynamodb.update(
                self.table,
                REVIEW.key(id=review_id),
                expression,
                {**values, **more, ":open": OPEN},
                names=_NAMES,
                condition=condition,
            )
        except ConditionFailed:
            return None
        return REVIEW.read(item)

    def reversals_due(self, now: datetime, start: Item | None = None) -> tuple[list[str], Item | None]:
        """A page of the ids of reversals that nobody confirmed in time."""
        items, last = self.dynamodb.query(
            self.table,
            "check_shard = :s AND next_check_at <= :now",
            {":s": REVERSALS, ":now": clock.to_text(now)},
            index="acts_by_next_check",
            start=start,
        )
        return [item["owner"].partition(":")[2] for item in items], last

    def counts(self, programme_id: str, days: list[str]) -> list[tuple[int, int]]:
        """(decided, in time) of a programme on each of these days."""
        owner = _owner(programme_id)
        keys = [Key(self.table, {"owner": owner, "entry": f"F#{day}"}) for day in days]
        items = self.dynamodb.get_all(keys)
        return [(item["decided"], item["in_time"]) if item else (0, 0) for item in items]


def lost(review: Review | None) -> ReviewNotFound | ReviewDecided | LeaseLost:
    """What became of a review that is not as it was read."""
    if review is None:
        return ReviewNotFound()
    return LeaseLost() if review.state == OPEN else ReviewDecided(state=review.state)


def _owner(queue: str) -> str:
    return f"reviews:{queue}" if queue else "reviews"
