"""Golden items: one stored item of every shape, kept as a file, so that a renamed or swapped field is noticed.

    check("ledger", "hold", HOLD, Hold("H1", "member:M1", legs, LATER, "01ACT", "pending"))

The file is ``tests/unit/<context>/golden/<name>.json``: the item in DynamoDB's own JSON. Every attribute of the value differs from its
default and from its neighbours, or the file would not notice that they were swapped. To write a file after a change that is meant, run
the test with PUHUI_WRITE_GOLDEN=1 and read the diff: what is stored already has to be readable still.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from puhui.store.client import DynamoDB
from puhui.store.records import Record
from puhui.store.values import decode_item, encode_item

UNIT = Path(__file__).parents[1] / "unit"


def check(context: str, name: str, record: Record[Any], value: Any) -> None:
    """The file's item is the full ``value``, read and written."""
    left_out = [
        each.name
        for each in fields(value)
        if each.init
        and each.compare
        and getattr(value, each.name)
        == (each.default_factory() if each.default_factory is not MISSING else each.default)
    ]
    assert not left_out, f"a golden value says something in every field; {left_out} are the defaults"
    check_item(context, name, value, record.item, record.read)


def check_item(
    context: str,
    name: str,
    value: Any,
    write: Callable[[Any], Mapping[str, Any]],
    read: Callable[[dict[str, Any]], Any],
) -> None:
    """The same for what is written and read by functions of its own."""
    check_wire(context, name, encode_item(write(value)))
    stored = json.loads(_path(context, name).read_text())
    assert read(decode_item(stored)) == value


def check_wire(context: str, name: str, wire: Mapping[str, Any]) -> None:
    """The file's JSON is ``wire``: an item or a call to DynamoDB."""
    path = _path(context, name)
    if os.environ.get("PUHUI_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(wire, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    assert wire == json.loads(path.read_text())


class Sent:
    """The calls that a client of DynamoDB sends; ``dynamodb`` answers each with ``answer``."""

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._answer = answer or {}
        self.dynamodb = DynamoDB(self._call)

    def _call(self, _service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(
            {operation: {**request, "ClientRequestToken": ""} if "ClientRequestToken" in request else request}
        )
        return self._answer

    def check(self, context: str, name: str) -> None:
        """The file's calls are those that were sent."""
        check_wire(context, name, {"calls": json.loads(json.dumps(self.calls))})


def _path(context: str, name: str) -> Path:
    return UNIT / context / "golden" / f"{name}.json"
