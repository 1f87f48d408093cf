"""Working through all members of a programme: shard by shard, as the ledger's audit does."""

from typing import Any

from puhui.ledger.api import AUDIT_SHARDS, Ledger


def shards_of(work_id: str) -> list[dict[str, Any]]:
    """What the state machine works through: one item for each shard of the ledger's accounts."""
    return [{"id": work_id, "shard": shard} for shard in range(AUDIT_SHARDS)]


def members_of(shard: int, programme_id: str, ledger: Ledger) -> list[str]:
    """The members of a shard who have a balance in the programme."""
    found, start = [], None
    while True:
        places, start = ledger.accounts(shard, start)
        found += [
            account.removeprefix("member:")
            for account, unit in places
            if unit == programme_id and account.startswith("member:")
        ]
        if start is None:
            return found
