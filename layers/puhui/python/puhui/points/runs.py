"""What jobs and reports have in common in the table of points."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from puhui.points.report import DONE, RUNNING
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.values import Item

TEXT_MAX = 80_000  # characters in one item: below 400 KB, whatever they are


class Runs:
    """Works that run through shards: each is created once, is done or stopped on an error, and may have texts of many pieces."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def _end(self, key: Mapping[str, str], attributes: Mapping[str, Any]) -> None:
        values = {"status": DONE, **attributes}
        self.dynamodb.update(
            self.table,
            key,
            "SET " + ", ".join(f"#{name} = :{name}" for name in values) + " REMOVE stopped",
            {f":{name}": value for name, value in values.items()},
            names={f"#{name}": name for name in values},
        )

    def _stop(self, key: Mapping[str, str]) -> None:
        """Whatever does not run stops nowhere."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                self.table,
                key,
                "SET stopped = :yes",
                {":yes": True, ":running": RUNNING},
                names={"#status": "status"},
                condition="#status = :running",
            )

    def _put_text(self, owner: str, name: str, text: str) -> None:
        # The first piece, which says how many there are, comes last: more of them may be left of a run before.
        pieces = [text[first : first + TEXT_MAX] for first in range(0, len(text), TEXT_MAX)]
        for n, piece in reversed(list(enumerate(pieces))):
            item = {"owner": owner, "entry": f"{name}#{n:04}", "text": piece, "pieces": len(pieces)}
            self.dynamodb.put_all(self.table, [item])

    def _text(self, owner: str, name: str) -> str:
        items = list(self.dynamodb.all_entries(self.table, ("owner", owner), f"{name}#"))
        return "".join(item["text"] for item in items[: items[0]["pieces"]]) if items else ""

    def _create(self, key: Mapping[str, str], item: Item) -> None:
        attributes = {name: value for name, value in item.items() if name not in key}
        self.dynamodb.assign(self.table, key, attributes, new=True)
