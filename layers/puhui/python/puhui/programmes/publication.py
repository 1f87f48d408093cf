"""Before a programme is published: does its document fit the schema? Functions never import this module."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from puhui.kernel.documents import DocumentInvalid, parse, pointer, require_valid
from puhui.programmes.model import Programme
from puhui.programmes.presets import from_document

_VALIDATOR = Draft202012Validator(json.loads((Path(__file__).parent / "schema.json").read_bytes()))


def check(text: bytes) -> Programme:
    """The programme that the document in ``text`` describes. Raises DocumentInvalid with the path to the
    first fault."""
    document = parse(text)
    require_valid(document, _VALIDATOR)
    seen: set[str] = set()
    for position, behaviour in enumerate(document["behaviours"]):
        _check_behaviour(behaviour, ("behaviours", position), seen)
    return from_document(document)


def _check_behaviour(behaviour: dict[str, Any], path: tuple[str | int, ...], seen: set[str]) -> None:
    quantity = behaviour["quantity"]
    if behaviour["id"] in seen:
        raise DocumentInvalid(pointer=pointer((*path, "id")), detail="this behaviour stands twice")
    seen.add(behaviour["id"])
    for name, bounds in quantity.items():
        if bounds["min"] > bounds["max"]:
            raise DocumentInvalid(pointer=pointer((*path, "quantity", name)), detail="min is above max")
    named = [("measure", behaviour["measure"])]
    if "occupies" in behaviour:
        named.append(("occupies", behaviour["occupies"]["quantity"]))
    for member, name in named:
        if name not in quantity:
            raise DocumentInvalid(
                pointer=pointer((*path, member)), detail=f"{name} is none of its quantities"
            )
