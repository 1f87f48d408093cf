"""Settlements, and what their shards count, in the settlement table (keys: ``settlement/repository.py``).

A payable is counted in one transaction with its claim. Part, statement and line only ever add, and a closed part refuses, so that
nothing is counted late.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from puhui.kernel import clock
from puhui.settlement.errors import SettlementClosed, SettlementNotComputed, SettlementNotFound
from puhui.settlement.repository import Position, Repository
from puhui.settlement.settlements.model import COMPUTING, SHARDS, Settlement
from puhui.settlement.statements.model import Line, Tally
from puhui.settlement.statements.repository import LINE, STATEMENT, line_key
from puhui.store.conditions import OptimisticLockFailed, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

SETTLEMENT = Record(
    Settlement,
    owner="settlement:{id}",
    entry="settlement",
    names={"version": "v"},
    always=("status", "body_hash", "version"),
)
BY_PROGRAMME = "settlements_by_programme"
TALLY = ("payables", "pieces", "fen")


class SettlementRepository(Repository):
    """Settlements and their parts."""

    def find(self, settlement_id: str) -> Settlement:
        """A settlement. Raises SettlementNotFound."""
        if (found := self._get(SETTLEMENT, id=settlement_id)) is None:
            raise SettlementNotFound
        return found

    def find_computed(self, settlement_id: str) -> Settlement:
        """A settlement that has its sums. Raises SettlementNotFound, SettlementNotComputed."""
        if (found := self.find(settlement_id)).status == COMPUTING:
            raise SettlementNotComputed
        return found

    def find_all(self, settlement_ids: Iterable[str]) -> dict[str, Settlement]:
        """Settlements by id."""
        items = self._get_all(self._key(SETTLEMENT, id=each) for each in dict.fromkeys(settlement_ids))
        return {found.id: found for found in map(SETTLEMENT.read, items)}

    def page(
        self, programme_id: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Settlement], Position | None]:
        """A page of a programme's settlements, the newest first, and where the next begins."""
        key = self._key(SETTLEMENT, id=start["id"]) if start else None
        items, following = self._newest(BY_PROGRAMME, "programme_id", programme_id, limit, start, key)
        return [SETTLEMENT.read(item) for item in items], following

    def add(self, session: Session, settlement: Settlement) -> None:
        """A new settlement. Raises AlreadyExists, IdempotencyKeyReused."""
        error = SameRequest(body_hash=settlement.body_hash)
        session.put(self.table, SETTLEMENT.item(settlement), unless="entry", error=error)

    def put(self, session: Session, settlement: Settlement) -> None:
        """Write a settlement over the one of its version."""
        item = SETTLEMENT.item(settlement) | {"v": settlement.version + 1}
        values = {":v": settlement.version}
        session.put(self.table, item, condition="v = :v", values=values, error=OptimisticLockFailed())

    # What the shards count

    def count(
        self, session: Session, settlement: Settlement, shard: int, merchant_id: str, lines: Sequence[Line]
    ) -> None:
        """Add to the part of the shard, the merchant's statement, and its lines. Raises SettlementClosed."""
        total = sum((line.tally for line in lines), Tally())
        self._add(session, _part_key(settlement.id, shard), total, {}, closed=True)
        about: Item = {
            "merchant_id": merchant_id,
            "programme": settlement.programme_id,
            "until": clock.to_text(settlement.until),
            "opened": settlement.opened,
        }
        statement = STATEMENT.key(settlement_id=settlement.id, merchant_id=merchant_id)
        self._add(session, statement, total, about)
        for line in lines:
            named = {name: value for name, value in LINE.item(line).items() if name not in TALLY}
            self._add(session, line_key(settlement.id, line), line.tally, named)

    def close_parts(self, settlement_id: str) -> Tally:
        """Close the parts of all shards; what they counted together."""
        parts = [
            self.dynamodb.update(
                self.table, _part_key(settlement_id, shard), "SET closed = :yes", {":yes": True}
            )
            for shard in range(SHARDS)
        ]
        return sum((Tally(*(part.get(name, 0) for name in TALLY)) for part in parts), Tally())

    def _add(
        self,
        session: Session,
        key: Mapping[str, str],
        tally: Tally,
        about: Mapping[str, Any],
        *,
        closed: bool = False,
    ) -> None:
        names = {f"#{name}": name for name in (*TALLY, *about)}
        values: Item = {f":{name}": getattr(tally, name) for name in TALLY}
        values |= {f":{name}": value for name, value in about.items()}
        expression = "ADD " + ", ".join(f"#{name} :{name}" for name in TALLY)
        if about:
            expression += " SET " + ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in about)
        session.update(
            self.table,
            key,
            expression,
            values,
            names=names,
            condition="attribute_not_exists(closed)" if closed else None,
            error=SettlementClosed() if closed else None,
        )


def _part_key(settlement_id: str, shard: int) -> dict[str, str]:
    return {"owner": f"settlement:{settlement_id}", "entry": f"S#{shard}"}
