"""The members of a programme, by the shards of the ledger's accounts."""

from puhui.ledger.api import Ledger, member

MEMBER = member("")


def members_of(shard: int, programme_id: str, ledger: Ledger) -> list[str]:
    """The members of a shard who have a balance in the programme."""
    return [
        account.removeprefix(MEMBER)
        for account, unit in ledger.accounts(shard)
        if unit == programme_id and account.startswith(MEMBER)
    ]
