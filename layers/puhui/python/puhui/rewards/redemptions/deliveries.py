"""What the programme itself has to send or to confirm, listed by reward in SENDING_SHARDS shards."""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.repository import REDEMPTION, RedemptionRepository
from puhui.rewards.repository import Repository
from puhui.store.client import DynamoDB, Key
from puhui.store.session import Session

SENDING_SHARDS = 16  # 8,000 a second
SENT_SECONDS = 90 * 86_400
TO_SEND, SENT = "O", "S"  # how the entries begin: open, sent


class DeliveryRepository(Repository):
    """Deliveries that an operator works on."""

    def __init__(self, dynamodb: DynamoDB, table: str, redemptions: RedemptionRepository) -> None:
        super().__init__(dynamodb, table)
        self._redemptions = redemptions

    def add(self, session: Session, redemption: Redemption) -> None:
        """The programme has to send it."""
        session.put(self.table, self._item(redemption, TO_SEND))

    def remove(self, session: Session, redemption: Redemption, sent_at: datetime | None = None) -> None:
        """Nothing is to be sent any more; what was sent is remembered for SENT_SECONDS."""
        session.delete(*self._delivery_key(redemption.reward_id, redemption.id, TO_SEND))
        if sent_at:
            end = int(sent_at.timestamp()) + SENT_SECONDS
            session.put(self.table, self._item(redemption, SENT) | {"expires_at": end})

    def member_of(self, reward_id: str, redemption_id: str) -> str | None:
        """Whose good it is that has to be sent, or was."""
        keys = [self._delivery_key(reward_id, redemption_id, kind) for kind in (TO_SEND, SENT)]
        return next((item["member_id"] for item in self.dynamodb.get_all(keys) if item), None)

    def to_send(
        self, reward_id: str, limit: int, start: Mapping[str, Any] | None
    ) -> tuple[list[Redemption], dict[str, Any] | None]:
        """A page of what has to be sent, and where the next begins: {shard, after}."""
        shard, after = (start["shard"], start["after"]) if start else (0, None)
        keys: list[Key] = []
        while shard < SENDING_SHARDS and len(keys) < limit:
            owner = ("owner", f"sending:{reward_id}:{shard}")
            items, after = self.dynamodb.entries(
                self.table, owner, f"{TO_SEND}#", limit=limit - len(keys), after=after
            )
            keys += [self._redemptions.redemption_key(each["member_id"], each["entry"][2:]) for each in items]
            shard += after is None
        found = self.dynamodb.get_all(keys) if keys else []
        last = {"shard": shard, "after": after} if shard < SENDING_SHARDS else None
        return [REDEMPTION.read(item) for item in found if item], last

    def _item(self, redemption: Redemption, kind: str) -> dict[str, Any]:
        key = self._delivery_key(redemption.reward_id, redemption.id, kind).key
        return {**key, "member_id": redemption.member_id}

    def _delivery_key(self, reward_id: str, redemption_id: str, kind: str) -> Key:
        shard = zlib.crc32(redemption_id.encode()) % SENDING_SHARDS
        return Key(self.table, {"owner": f"sending:{reward_id}:{shard}", "entry": f"{kind}#{redemption_id}"})
