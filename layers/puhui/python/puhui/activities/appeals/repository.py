"""Appeals in the activities' table.

| item        | owner (hash)    | entry (range) | holds |
|-------------|-----------------|---------------|-------|
| appeal      | appeal:<id>     | appeal        | the appeal; v |
| open appeal | appeals         | P#<decide by>-<id> | queue of those who decide, the most urgent first |
| the same    | appeals:<queue> | P#<decide by>-<id> | the queue of a programme, of a region |

An open appeal is in the index ``acts_by_next_check`` under the shard ``appeals``, by when it has to be decided.
"""

from datetime import datetime

from puhui.activities.appeals.model import OPEN, Appeal
from puhui.kernel import clock
from puhui.store.client import DynamoDB, Key
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item
from puhui.store.versions import put_next

SHARD = "appeals"


def _due(appeal: Appeal) -> Item:
    if appeal.state != OPEN:
        return {}
    return {"check_shard": SHARD, "next_check_at": clock.to_text(appeal.decide_by)}


APPEAL = Record(
    Appeal,
    owner="appeal:{id}",
    entry="appeal",
    names={"version": "v"},
    always=("state", "version"),
    extra=_due,
)


class Appeals:
    """Members' appeals."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, appeal_id: str) -> Appeal | None:
        """An appeal, whatever its state."""
        item = self.dynamodb.get(self.table, APPEAL.key(id=appeal_id))
        return APPEAL.read(item) if item else None

    def add(self, session: Session, appeal: Appeal) -> None:
        """A new appeal, or one that is made again after it lapsed."""
        put_next(session, self.table, APPEAL, appeal)
        for queue in appeal.queues:
            session.put(self.table, {"owner": _owner(queue), "entry": f"P#{appeal.place}"})

    def put(self, session: Session, before: Appeal, after: Appeal) -> None:
        """Write an open appeal in place of the version that was read. When it is open no longer it leaves the queues."""
        put_next(session, self.table, APPEAL, after)
        if after.state != OPEN:
            for queue in before.queues:
                session.delete(self.table, {"owner": _owner(queue), "entry": f"P#{before.place}"})

    def forget(self, appeal_id: str) -> None:
        """Remove an appeal, as if it had never been."""
        if appeal := self.find(appeal_id):
            queued = [{"owner": _owner(queue), "entry": f"P#{appeal.place}"} for queue in appeal.queues]
            self.dynamodb.delete_all(self.table, [*queued, APPEAL.key(id=appeal_id)])

    def page_of_open(self, limit: int, start: str | None, queue: str) -> tuple[list[Appeal], str | None]:
        """A page of the appeals that wait in a queue, the most urgent first; and where the next one starts."""
        items, last = self.dynamodb.entries(
            self.table, ("owner", _owner(queue)), "P#", limit=limit, after=start
        )
        keys = [Key(self.table, APPEAL.key(id=item["entry"].rpartition("-")[2])) for item in items]
        found = self.dynamodb.get_all(keys) if keys else []
        return [APPEAL.read(item) for item in found if item], last

    def due(self, now: datetime, start: Item | None = None) -> tuple[list[str], Item | None]:
        """A page of the ids of appeals whose time to be decided is over."""
        items, last = self.dynamodb.query(
            self.table,
            "check_shard = :s AND next_check_at <= :now",
            {":s": SHARD, ":now": clock.to_text(now)},
            index="acts_by_next_check",
            start=start,
        )
        return [item["owner"].partition(":")[2] for item in items], last


def _owner(queue: str) -> str:
    return f"appeals:{queue}" if queue else "appeals"
