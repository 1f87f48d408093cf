"""Erasures in the privacy table (keys: ``privacy/repository.py``)."""

from dataclasses import replace
from datetime import datetime

from puhui.privacy.erasures.model import CLOSING, ERASED, LATE, WAITING, WITHDRAWN, Erasure
from puhui.privacy.errors import ErasureBegun, ErasureNotFound
from puhui.privacy.work import next_check
from puhui.store.client import DynamoDB, Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session, attempt

ERASURE = Record(
    Erasure,
    owner="member:{member_id}",
    entry="erasure",
    always=("status",),
    extra=lambda erasure: next_check(erasure.next_check_at),
)


class Erasures:
    """At most one of each member."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def find(self, member_id: str) -> Erasure | None:
        """What the member asked for last."""
        item = self.dynamodb.get(*self._key(member_id))
        return ERASURE.read(item) if item else None

    def ask(self, wanted: Erasure) -> Erasure:
        """Keep a wish; the one that is there where it was not withdrawn."""

        def build(session: Session) -> Erasure:
            present = self.find(wanted.member_id)
            if present and present.status != WITHDRAWN:
                return present
            self._put(session, wanted, present)
            return wanted

        return attempt(self.dynamodb, build)

    def withdraw(self, member_id: str, now: datetime) -> Erasure:
        """Take a wish back. Again changes nothing. Raises ErasureNotFound, ErasureBegun."""

        def build(session: Session) -> Erasure:
            present = self.find(member_id)
            if present is None:
                raise ErasureNotFound
            if present.status == WITHDRAWN:
                return present
            if present.status != WAITING or now >= present.closes_at:
                raise ErasureBegun
            after = replace(present, status=WITHDRAWN, next_check_at=None)
            self._put(session, after, present)
            return after

        return attempt(self.dynamodb, build)

    def begin(self, member_id: str, erasure_id: str) -> Erasure | None:
        """From now on it cannot be withdrawn; None when it was, or another wish took its place."""

        def build(session: Session) -> Erasure | None:
            present = self.find(member_id)
            if present is None or present.id != erasure_id or present.status == WITHDRAWN:
                return None
            if present.status != WAITING:
                return present
            after = replace(present, status=CLOSING)
            self._put(session, after, present)
            return after

        return attempt(self.dynamodb, build)

    def finish(self, member_id: str, now: datetime) -> Erasure:
        """Everything is erased; once more is looked for what came late, then no more. Raises ErasureNotFound."""

        def build(session: Session) -> Erasure:
            present = self.find(member_id)
            if present is None:
                raise ErasureNotFound
            if present.status == CLOSING:
                after = replace(
                    present, status=ERASED, erased_at=now.replace(microsecond=0), next_check_at=now + LATE
                )
            elif present.next_check_at and present.erased_at and now >= present.erased_at + LATE:
                after = replace(present, next_check_at=None)
            else:
                return present
            self._put(session, after, present)
            return after

        return attempt(self.dynamodb, build)

    def check_again(self, erasure: Erasure, at: datetime) -> None:
        """Have the schedule look again then."""
        session = Session(self.dynamodb)
        self._put(session, replace(erasure, next_check_at=at), erasure)
        try:
            session.commit()
        except OptimisticLockFailed:
            return

    def _put(self, session: Session, after: Erasure, before: Erasure | None) -> None:
        condition, values = "attribute_not_exists(entry)", None
        names = None
        if before:
            condition = "#status = :status AND id = :id"
            values, names = {":status": before.status, ":id": before.id}, {"#status": "status"}
        session.put(
            self.table,
            ERASURE.item(after),
            condition=condition,
            values=values,
            names=names,
            error=OptimisticLockFailed(),
        )

    def _key(self, member_id: str) -> Key:
        return Key(self.table, ERASURE.key(member_id=member_id))
