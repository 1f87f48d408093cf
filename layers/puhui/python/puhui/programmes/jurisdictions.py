"""Which gates a programme may open where it is: documents of the layer, ``jurisdictions/<region>.json``, each gate with the rule
that it rests on. The nearest region's document holds; where there is none, every gate stays closed."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from puhui.kernel.documents import Text
from puhui.kernel.regions import widening

_FOLDER = os.path.join(os.path.dirname(__file__), "jurisdictions")  # noqa: PTH118, PTH120 as in presets.py
GATES = ("personal_trading", "pooled_sale", "cash_out", "export")
_NO_RULE: Text = {"zh-CN": "没有这个地区的规则。", "en": "No rule of this place is known."}


@dataclass(frozen=True)
class Rule:
    """Whether a gate may be opened in a jurisdiction (``region``: whose document says so), why, and by which source."""

    gate: str
    may_open: bool
    region: str
    why: Text
    source: Mapping[str, Any] | None


def rule(jurisdiction: str, gate: str) -> Rule:
    """What holds for a gate in a jurisdiction."""
    for place in widening(jurisdiction):
        if place in ids():
            said = _read(place)["gates"][gate]
            return Rule(gate, said["may_open"], place, said["why"], said["source"])
    return Rule(gate, may_open=False, region=jurisdiction, why=_NO_RULE, source=None)


@cache
def ids() -> frozenset[str]:
    """The regions that have a document."""
    return frozenset(name.removesuffix(".json") for name in os.listdir(_FOLDER))  # noqa: PTH208


@cache
def _read(region: str) -> dict[str, Any]:
    with open(os.path.join(_FOLDER, f"{region}.json"), "rb") as file:  # noqa: PTH118, PTH123
        document: dict[str, Any] = json.load(file)
    return document
