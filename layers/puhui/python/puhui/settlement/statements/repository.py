"""Statements and their lines in the settlement table (keys: ``settlement/repository.py``)."""

from collections.abc import Iterable, Iterator, Mapping

from puhui.settlement.errors import StatementNotFound
from puhui.settlement.repository import Position, Repository, settlement_owner
from puhui.settlement.statements.model import Line, Statement
from puhui.store.client import Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session

# A statement that only the shards have written has no version; what it lacks is read as the default.
STATEMENT = Record(
    Statement,
    owner="settlement:{settlement_id}",
    entry="M#{merchant_id}",
    names={"programme_id": "programme", "version": "v"},
    extra=lambda statement: {"merchant_id": statement.merchant_id},  # for the index
)
LINE = Record(Line, names={"merchant_id": "merchant"})  # its key has four fields: ``line_key``
BY_MERCHANT = "statements_by_merchant"


class StatementRepository(Repository):
    """Statements and lines. ``SettlementRepository.count`` adds to them while a settlement is computed."""

    def key(self, settlement_id: str, merchant_id: str) -> Key:
        """The key of a statement."""
        return self._key(STATEMENT, settlement_id=settlement_id, merchant_id=merchant_id)

    def find(self, settlement_id: str, merchant_id: str) -> Statement:
        """A merchant's statement. Raises StatementNotFound."""
        found = self._get(STATEMENT, settlement_id=settlement_id, merchant_id=merchant_id)
        if found is None:
            raise StatementNotFound
        return found

    def merchants_in(self, settlement_id: str, merchant_ids: Iterable[str]) -> list[str]:
        """Those of the merchants that have a statement in the settlement."""
        items = self._get_all(self.key(settlement_id, each) for each in dict.fromkeys(merchant_ids))
        return [item["merchant_id"] for item in items]

    def page(self, settlement_id: str, limit: int, start: str | None) -> tuple[list[Statement], str | None]:
        """A page of a settlement's statements by merchant id, and the last id when more follow."""
        items, last = self.dynamodb.entries(
            self.table, settlement_owner(settlement_id), "M#", limit=limit, after=start
        )
        return [STATEMENT.read(item) for item in items], last

    def of_settlement(self, settlement_id: str) -> Iterator[Statement]:
        """All statements of a settlement, page by page."""
        return map(
            STATEMENT.read, self.dynamodb.all_entries(self.table, settlement_owner(settlement_id), "M#")
        )

    def of_merchant(
        self, merchant_id: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Statement], Position | None]:
        """A page of a merchant's statements, the newest first, and where the next begins."""
        key = self.key(start["id"], merchant_id) if start else None
        items, following = self._newest(BY_MERCHANT, "merchant_id", merchant_id, limit, start, key)
        return [STATEMENT.read(item) for item in items], following

    def put(self, session: Session, statement: Statement) -> None:
        """Write a statement over the one of its version."""
        item = STATEMENT.item(statement) | {"v": statement.version + 1}
        condition = "v = :v" if statement.version else "attribute_exists(entry) AND attribute_not_exists(v)"
        values = {":v": statement.version} if statement.version else None
        session.put(self.table, item, condition=condition, values=values, error=OptimisticLockFailed())

    def lines(self, settlement_id: str, merchant_id: str = "") -> Iterator[Line]:
        """The lines of a settlement, or of one merchant in it, in the order of their keys, page by page."""
        prefix = f"L#{merchant_id}#" if merchant_id else "L#"
        return map(LINE.read, self.dynamodb.all_entries(self.table, settlement_owner(settlement_id), prefix))


def line_key(settlement_id: str, line: Line) -> dict[str, str]:
    """The key of a line."""
    entry = f"L#{line.merchant_id}#{line.reward_id}#{line.budget_id}#{line.fen_each}"
    return {"owner": f"settlement:{settlement_id}", "entry": entry}
