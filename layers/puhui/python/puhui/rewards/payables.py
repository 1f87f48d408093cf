"""What merchants are owed: used coupons, donations, a partner's fulfilled orders. A payable is no item of its own but attributes of
the coupon or the redemption. The index ``dues`` lists those that carry ``due_to``: unsettled ones under ``<merchant>:<shard>``, claimed
ones under ``S:<settlement>:<merchant>``, each in the order of ``due_id``, an id of the time at which it became payable."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel import ids
from puhui.rewards.errors import PayableClaimed
from puhui.rewards.repository import Repository
from puhui.store.session import Session
from puhui.store.values import Item

INDEX = "dues"
PAYABLE_SHARDS = 8
COUPON_ENTRY = "K#"


@dataclass(frozen=True)
class Payable:
    """What a merchant is owed. ``fen`` a piece, may be 0; ``owner``, ``entry``: the coupon's or redemption's key; ``settlement_id``:
    empty until a settlement has claimed it."""

    id: str
    owner: str
    entry: str
    merchant_id: str
    programme_id: str
    reward_id: str
    redemption_id: str
    coupon_id: str
    budget_id: str
    fen: int
    pieces: int
    branch_id: str
    verified_at: datetime
    settlement_id: str = ""


def payable_to(merchant_id: str, payable_id: str, settlement_id: str) -> Item:
    """The attribute by which settlements find a payable."""
    if settlement_id:
        return {"due_to": f"S:{settlement_id}:{merchant_id}"}
    return {"due_to": f"{merchant_id}:{zlib.crc32(payable_id.encode()) % PAYABLE_SHARDS}"}


def payable_from(item: Mapping[str, Any]) -> Payable:
    """The payable of a coupon's or a redemption's item, as the index projects it."""
    is_coupon = item["entry"].startswith(COUPON_ENTRY)
    own_id = item["entry"][2:]
    return Payable(
        id=item["due_id"],
        owner=item["owner"],
        entry=item["entry"],
        merchant_id=item["merchant_id"],
        programme_id=item["programme"],
        reward_id=item["reward_id"],
        redemption_id=item["redemption_id"] if is_coupon else own_id,
        coupon_id=own_id if is_coupon else "",
        budget_id=item.get("budget_id", ""),
        fen=item.get("fen", 0),
        pieces=1 if is_coupon else item["quantity"],
        branch_id=item.get("branch_id", ""),
        verified_at=ids.time_of(item["due_id"]),
        settlement_id=item.get("settlement_id", ""),
    )


class PayableRepository(Repository):
    """Finds payables and gives them to settlements."""

    def unsettled(
        self, merchant_id: str, shard: int, until: datetime, limit: int, start: Item | None
    ) -> tuple[list[Payable], Item | None]:
        """Unsettled payables of one shard (of PAYABLE_SHARDS) that were verified before ``until``, oldest first."""
        end = ids.derived_id(until, "")[:10]  # the time's part of an id
        return self._page(f"{merchant_id}:{shard}", limit, start, end)

    def claimed(
        self, settlement_id: str, merchant_id: str, limit: int, start: Item | None
    ) -> tuple[list[Payable], Item | None]:
        """What a settlement has claimed for a merchant, oldest first."""
        return self._page(f"S:{settlement_id}:{merchant_id}", limit, start, None)

    def _page(
        self, due_to: str, limit: int, start: Item | None, end: str | None
    ) -> tuple[list[Payable], Item | None]:
        items, last = self.dynamodb.query(
            self.table,
            "due_to = :d" + (" AND due_id < :e" if end else ""),
            {":d": due_to, **({":e": end} if end else {})},
            index=INDEX,
            limit=limit,
            start=start,
        )
        return [payable_from(item) for item in items], last

    def add_claim(self, session: Session, payable: Payable, settlement_id: str) -> None:
        """Give a payable to a settlement, once. Raises PayableClaimed with ``settlement_id``: who has it."""
        to = payable_to(payable.merchant_id, payable.id, settlement_id)
        session.update(
            self.table,
            {"owner": payable.owner, "entry": payable.entry},
            "SET due_to = :to, settlement_id = :s ADD version :one",
            {":to": to["due_to"], ":s": settlement_id, ":id": payable.id, ":one": 1},
            condition="attribute_not_exists(settlement_id) AND due_id = :id AND attribute_exists(due_to)",
            error=PayableClaimed(),
        )
