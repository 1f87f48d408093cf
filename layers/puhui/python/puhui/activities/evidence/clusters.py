"""Pictures that are nearly the same: one cluster, named after the first of them.

| item    | owner (hash)  | entry (range) | holds |
|---------|---------------|---------------|-------|
| cluster | near:<name>   | cluster       | cluster: the name of the first picture; ends |

A picture's name is 16 hex digits of the hash of its evidence's id. One that is like no other has no item: it is a cluster of its own.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from puhui.store.client import DynamoDB, Key

KEPT = timedelta(days=180)  # as long as the prints


class Clusters:
    """The clusters of one table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def of(self, evidence_ids: Sequence[str]) -> str:
        """The cluster of an act's pictures: that of the first of them that is like an earlier one, or the first one's own; nothing without
        a picture. One read."""
        if not evidence_ids:
            return ""
        names = [name_of(evidence_id) for evidence_id in evidence_ids]
        found = self.dynamodb.get_all([Key(self.table, _key(name)) for name in names])
        return next((item["cluster"] for item in found if item), _text(names[0]))

    def join(self, evidence_id: str, near: Collection[int], now: datetime) -> None:
        """Put a picture into the cluster of those that it is like."""
        first = min(near)
        known = self.dynamodb.get_all([Key(self.table, _key(name)) for name in sorted(near)[:100]])
        cluster = next((item["cluster"] for item in known if item), _text(first))
        ends = int((now + KEPT).timestamp())
        self.dynamodb.assign(self.table, _key(name_of(evidence_id)), {"cluster": cluster, "ends": ends})

    def forget(self, evidence_ids: Sequence[str]) -> None:
        """Take pictures out of their clusters; what they were first of keeps its name, which tells nothing."""
        names = [name_of(evidence_id) for evidence_id in evidence_ids]
        self.dynamodb.delete_all(self.table, [_key(name) for name in names])


def name_of(evidence_id: str) -> int:
    """The short name of a piece of evidence: 64 bits."""
    return int.from_bytes(hashlib.sha256(evidence_id.encode()).digest()[:8])


def _key(name: int) -> dict[str, str]:
    return {"owner": f"near:{_text(name)}", "entry": "cluster"}


def _text(name: int) -> str:
    return f"{name:016x}"
