"""Reviews in the activities' table.

| item        | owner (hash) | entry (range) | holds |
|-------------|--------------|---------------|-------|
| review      | review:<id>  | review        | the review and its task token |
| open review | reviews      | R#<review id> | queue of the reviewers |
"""

from typing import Any

from puhui.activities.errors import ReviewOpen
from puhui.activities.reviews.model import OPEN, Review
from puhui.store.client import DynamoDB, Key
from puhui.store.records import Record
from puhui.store.session import Session

REVIEW = Record(Review, owner="review:{id}", entry="review", always=("state", "decision", "reason_code"))
_IS_OPEN: dict[str, Any] = {"names": {"#state": "state"}, "values": {":open": OPEN}}


class Reviews:
    """Acts that wait for a person, or were decided by one."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, review_id: str) -> Review | None:
        """A review, whatever its state."""
        item = self.dynamodb.get(self.table, REVIEW.key(id=review_id))
        return REVIEW.read(item) if item else None

    def page_of_open(self, limit: int, start: str | None) -> tuple[list[Review], str | None]:
        """A page of the reviews that wait, oldest first; and the last one's id when there are more."""
        items, last = self.dynamodb.entries(self.table, ("owner", "reviews"), "R#", limit=limit, after=start)
        keys = [Key(self.table, REVIEW.key(id=item["entry"][2:])) for item in items]
        found = self.dynamodb.get_all(keys) if keys else []
        return [REVIEW.read(item) for item in found if item], last

    def add(self, session: Session, review: Review) -> None:
        """Queue a review. Queueing it again gives it the newer task token."""
        session.put(
            self.table,
            REVIEW.item(review),
            condition="attribute_not_exists(entry) OR #state = :open",
            error=ReviewOpen(),
            **_IS_OPEN,
        )
        session.put(self.table, {"owner": "reviews", "entry": f"R#{review.id}"})

    def end(self, session: Session, review: Review) -> None:
        """Write how a review ended: it is open. It leaves the queue."""
        session.put(
            self.table, REVIEW.item(review), condition="#state = :open", error=ReviewOpen(), **_IS_OPEN
        )
        session.delete(self.table, {"owner": "reviews", "entry": f"R#{review.id}"})
