"""Exports in the privacy table (keys: ``privacy/repository.py``)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from puhui.privacy.errors import ExportNotFound, RunningFree
from puhui.privacy.exports.model import GATHERING, Export
from puhui.privacy.work import next_check
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import AlreadyExists, OptimisticLockFailed, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session, attempt

EXPORT = Record(
    Export,
    owner="member:{member_id}",
    entry="X#{id}",
    always=("status", "body_hash", "link_key"),
    extra=lambda export: next_check(export.next_check_at),
)


class Exports:
    """A member's exports, one of them at most in the making."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, member_id: str, export_id: str) -> Export:
        """A member's export. Raises ExportNotFound, also for somebody else's."""
        item = self.dynamodb.get(*self._key(member_id, export_id))
        if item is None:
            raise ExportNotFound
        return EXPORT.read(item)

    def add(self, export: Export) -> Export:
        """A new export, or the first one of this request. Raises ExportRunning, IdempotencyKeyReused."""
        session = Session(self.dynamodb)
        error = SameRequest(body_hash=export.body_hash)
        session.put(self.table, EXPORT.item(export), unless="entry", error=error)
        running = {**self._running_key(export.member_id), "export_id": export.id}
        session.put(self.table, running, unless="entry", error=RunningFree())
        try:
            session.commit()
        except AlreadyExists as before:
            return EXPORT.read(before.details["item"])
        return export

    def change(
        self,
        member_id: str,
        export_id: str,
        change: Callable[[Export], Export],
        *,
        over: bool = False,
        also: Callable[[Session], None] | None = None,
    ) -> Export:
        """Write what ``change`` makes of an export; ``over``: another may be asked for from now on. ``also`` adds to the transaction."""

        def build(session: Session) -> Export:
            before = self.find(member_id, export_id)
            after = change(before)
            if after == before:
                return before
            session.put(
                self.table,
                EXPORT.item(after),
                condition="#status = :status AND link_key = :link",
                values={":status": before.status, ":link": before.link_key},
                names={"#status": "status"},
                error=OptimisticLockFailed(),
            )
            if over:
                session.delete(
                    self.table,
                    self._running_key(member_id),
                    condition="attribute_not_exists(entry) OR export_id = :id",
                    values={":id": export_id},
                    error=OptimisticLockFailed(),
                )
            if also is not None:
                also(session)
            return after

        return attempt(self.dynamodb, build)

    def check_again(self, export: Export, at: datetime) -> None:
        """Have the schedule look again then, while it is being put together."""
        later = lambda read: replace(read, next_check_at=at) if read.status == GATHERING else read  # noqa: E731
        self.change(export.member_id, export.id, later)

    def _key(self, member_id: str, export_id: str) -> Key:
        return Key(self.table, EXPORT.key(member_id=member_id, id=export_id))

    def _running_key(self, member_id: str) -> dict[str, str]:
        return {"owner": f"member:{member_id}", "entry": "running"}
