"""Disputes in the settlement table (keys: ``settlement/repository.py``)."""

from puhui.settlement.disputes.model import OPEN, Dispute
from puhui.settlement.errors import DisputeNotFound
from puhui.settlement.repository import Repository
from puhui.settlement.statements.model import Statement
from puhui.store.conditions import OptimisticLockFailed, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session

DISPUTE = Record(
    Dispute,
    owner="settlement:{settlement_id}",
    entry="D#{id}",
    names={"merchant_id": "merchant"},  # statements alone are listed by merchant_id
    always=("status", "body_hash"),
)


class DisputeRepository(Repository):
    """Disputes."""

    def get(self, settlement_id: str, dispute_id: str) -> Dispute | None:
        """A dispute, or None."""
        return self._get(DISPUTE, settlement_id=settlement_id, id=dispute_id)

    def find(self, settlement_id: str, dispute_id: str) -> Dispute:
        """A dispute. Raises DisputeNotFound."""
        if (found := self.get(settlement_id, dispute_id)) is None:
            raise DisputeNotFound
        return found

    def of_statement(self, statement: Statement) -> list[Dispute]:
        """The disputes of a statement, the oldest first."""
        items = self._get_all(
            self._key(DISPUTE, settlement_id=statement.settlement_id, id=each) for each in statement.disputes
        )
        return sorted(map(DISPUTE.read, items), key=lambda each: each.opened_at)

    def add(self, session: Session, dispute: Dispute) -> None:
        """A new dispute. Raises AlreadyExists, IdempotencyKeyReused."""
        error = SameRequest(body_hash=dispute.body_hash)
        session.put(self.table, DISPUTE.item(dispute), unless="entry", error=error)

    def put_resolved(self, session: Session, dispute: Dispute) -> None:
        """Write a resolved dispute over the open one."""
        session.put(
            self.table,
            DISPUTE.item(dispute),
            condition="#status = :before",
            values={":before": OPEN},
            names={"#status": "status"},
            error=OptimisticLockFailed(),
        )
