"""The cases of tests/cases: what real use sent, and what is right."""

import json
from typing import Any

from infra.build.contract import ROOT


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one file, in its order."""
    found: list[dict[str, Any]] = json.loads((ROOT / f"tests/cases/{name}.json").read_text(encoding="utf-8"))
    return found
