"""The index ``ends``: what has to be checked at a certain time, in END_SHARDS shards."""

import zlib
from datetime import datetime

from puhui.kernel import clock
from puhui.rewards.repository import Repository, member_of
from puhui.store.values import Item

INDEX = "ends"
END_SHARDS = 16


def check_at(name: str, at: datetime | None) -> Item:
    """The attributes by which the index finds an item at that time; none without a time."""
    return (
        {"ends_in": f"{zlib.crc32(name.encode()) % END_SHARDS:02}", "ends_at": clock.to_text(at)}
        if at
        else {}
    )


class CheckRepository(Repository):
    """Reads the index."""

    def before(self, shard: int, now: datetime, limit: int) -> list[tuple[str, str]]:
        """(member, entry) of what has to be checked by now, oldest first: coupons (``K#``), redemptions (``X#``)."""
        items, _ = self.dynamodb.query(
            self.table,
            "ends_in = :s AND ends_at <= :now",
            {":s": f"{shard:02}", ":now": clock.to_text(now)},
            index=INDEX,
            limit=limit,
        )
        return [(member_of(item), item["entry"]) for item in items]
