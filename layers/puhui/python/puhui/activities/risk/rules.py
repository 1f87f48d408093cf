"""The rules: data in ``rules.json``, which fits ``schema.json``. A rule that changes what it finds or weighs gets the next version.

A rule in mode ``shadow`` is evaluated and put on record, and changes nothing. ``at_most`` is the band that the rule can bring about,
alone or with others of its kind: what a machine may be wrong about waits for a person, however much of it there is.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from puhui.kernel.words import Text

ACTIVE, SHADOW = "active", "shadow"
_FILE = os.path.join(os.path.dirname(__file__), "rules.json")  # noqa: PTH118, PTH120 pathlib is not needed at run time


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``text`` is for the member and never says more than ``reason_code`` does; ``evidence`` says where to look."""

    id: str
    version: int
    mode: str
    kind: str
    weight: int
    at_most: str
    reason_code: str
    evidence: str
    source: str
    text: Text
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The rule with its version, as acts keep it."""
        return f"{self.id}@{self.version}"


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the file's order."""
    with open(_FILE, "rb") as file:  # noqa: PTH123
        return read(json.load(file))


def read(document: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a document."""
    return tuple(Rule(**each) for each in document["rules"])
