"""DynamoDB's own JSON to and from plain values. Numbers are integers only."""

import base64
from collections.abc import Mapping
from typing import Any

Item = dict[str, Any]
Wire = dict[str, Any]


def encode(value: Any) -> Wire:
    """One attribute value on the wire. Raises TypeError for floats and anything else DynamoDB should not get."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case bytes():
            return {"B": base64.b64encode(value).decode()}
        case list() | tuple():
            return {"L": [encode(element) for element in value]}
        case Mapping():
            return {"M": encode_item(value)}
        case set() | frozenset() if value and all(isinstance(element, str) for element in value):
            return {"SS": sorted(value)}
    raise TypeError(f"{type(value).__name__} has no place in a table")


def encode_item(item: Mapping[str, Any]) -> Wire:
    """An item on the wire."""
    return {name: encode(value) for name, value in item.items()}


def decode(wire: Wire) -> Any:
    """The plain value of one attribute."""
    ((kind, value),) = wire.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return int(value)
        case "NULL":
            return None
        case "B":
            return base64.b64decode(value)
        case "L":
            return [decode(element) for element in value]
        case "M":
            return decode_item(value)
        case "SS":
            return frozenset(value)
    raise TypeError(f"unexpected attribute type {kind}")


def decode_item(wire: Wire) -> Item:
    """A plain item."""
    return {name: decode(value) for name, value in wire.items()}
