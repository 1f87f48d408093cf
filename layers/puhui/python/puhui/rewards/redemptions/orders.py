"""Whose order it is at a partner's, by the order's id."""

from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.repository import Repository
from puhui.store.client import Key
from puhui.store.session import Session


class OrderRepository(Repository):
    """Finds the member of an order that a partner answers about."""

    def add(self, session: Session, redemption: Redemption) -> None:
        """The order of a redemption; its id is the redemption's."""
        about = {"member_id": redemption.member_id, "partner_id": redemption.partner_id}
        session.put(self.table, {**self._order_key(redemption.id).key, **about})

    def find(self, order_id: str) -> tuple[str, str] | None:
        """(member, partner) of an order."""
        item = self.dynamodb.get(*self._order_key(order_id))
        return (item["member_id"], item["partner_id"]) if item else None

    def _order_key(self, order_id: str) -> Key:
        return Key(self.table, {"owner": f"order:{order_id}", "entry": "order"})
