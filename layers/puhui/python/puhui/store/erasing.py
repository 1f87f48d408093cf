"""Removing whatever a table keeps under one owner. Each context says in its ``erasing.py`` what of it is kept and why.

Every step may run twice and be cut off anywhere: what is gone already is not missed, and what is left is found again.
"""

from collections.abc import Callable, Iterator

from puhui.store.client import DynamoDB
from puhui.store.values import Item

KEYS_AT_ONCE = 100


def erase_entries(
    dynamodb: DynamoDB,
    table: str,
    owner: tuple[str, str],
    prefix: str = "",
    *,
    unless: Callable[[Item], bool] = lambda _: False,
) -> int:
    """Remove the items of ``owner`` (hash attribute, value) whose entry begins with ``prefix``, but those that ``unless`` keeps; how many
    went. Memory holds one page, whatever their number."""
    name, value = owner
    erased = 0
    keys = []
    for item in items_of(dynamodb, table, owner, prefix):
        if unless(item):
            continue
        keys.append({name: value, "entry": item["entry"]})
        erased += 1
        if len(keys) == KEYS_AT_ONCE:
            dynamodb.delete_all(table, keys)
            keys.clear()
    dynamodb.delete_all(table, keys)
    return erased


def items_of(dynamodb: DynamoDB, table: str, owner: tuple[str, str], prefix: str = "") -> Iterator[Item]:
    """The items of an owner, page by page."""
    if prefix:
        yield from dynamodb.all_entries(table, owner, prefix)
        return
    start: Item | None = None
    while True:
        found, start = dynamodb.query(
            table, "#owner = :owner", {":owner": owner[1]}, names={"#owner": owner[0]}, start=start
        )
        yield from found
        if start is None:
            return
