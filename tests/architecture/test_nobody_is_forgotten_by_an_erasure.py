"""Every context that keeps something of a member offers to erase it, and the machine of an erasure asks each: a new context cannot be
forgotten."""

import ast
import importlib
import inspect
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from puhui.privacy.erasures.model import asked

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "layers/puhui/python/puhui"
NOTHING_KEPT = {  # contexts that only name members in records of other things, by ids that say nothing once the member is erased
    "laboratory": "trials list the ids for whom a draft would change most",
    "programmes": "who filed and approved",
    "methodologies": "who filed, reviewed and published",
    "settlement": "who approved and paid; merchants' records",
    "ingestion": "records under partners' aliases",
    "wechat": "verdicts by the platform's trace ids",
    "kernel": "values",
    "edge": "wrappers",
    "store": "mechanisms",
    "formulas": "arithmetic",
    "tlog": "formats",
    "verify": "a program for others",
    "witness": "a program for others",
}
CONTEXTS = sorted(each.name for each in PACKAGES.iterdir() if (each / "__init__.py").exists())


def machine() -> str:
    return (ROOT / "infra/workflows/erasure.asl.json").read_text()


def test_every_context_erases_or_says_why_it_has_nothing_to():
    erase = {each for each in CONTEXTS if (PACKAGES / each / "erasing.py").exists()} - {"store"}
    assert erase | NOTHING_KEPT.keys() == set(CONTEXTS)
    assert not erase & NOTHING_KEPT.keys()


@pytest.mark.parametrize("context", sorted(set(CONTEXTS) - NOTHING_KEPT.keys()))
def test_the_machine_asks_each_of_them(context: str):
    erase = importlib.import_module(f"puhui.{context}.erasing").erase_member
    assert list(inspect.signature(erase).parameters)[:2] == ["member_id", "now"]
    app = (ROOT / f"functions/{context}/erase_{context}/app.py").read_text()
    tree = ast.parse(app)
    assert any(
        isinstance(node, ast.Call) and getattr(node.func, "id", "") == "erase_member"
        for node in ast.walk(tree)
    )
    name = f"Erase{context.capitalize()}"
    assert f'"${{{name}}}"' in machine()
    assert f"erase-{context}" in (ROOT / "infra/stacks/privacy.yaml").read_text()


@pytest.mark.parametrize("context", sorted(NOTHING_KEPT))
def test_who_has_nothing_to_erase_keys_nothing_by_a_member(context: str):
    records = [
        line.strip()
        for each in (PACKAGES / context).rglob("*.py")
        for line in each.read_text().splitlines()
        if re.search(r"""owner=f?"member:\{|"owner": f"member:\{""", line)
    ]
    assert not records


def test_an_execution_starts_with_ids_and_a_time_alone():
    """What a machine is given stays in its history for ninety days: nothing there says who somebody is."""
    given = asked("01KAGZ3V9Q8M4T2X7C5R6N1P0D", 60, datetime(2026, 12, 1, tzinfo=UTC)).execution_input()
    assert given.keys() == {"member_id", "erasure_id", "closes_at"}
    assert json.loads(re.sub(r"(?<![\w\"-])\$\{\w+\}", "1", machine()))["States"]["Grace"]["Type"] == "Wait"
