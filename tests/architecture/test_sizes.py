"""A file of code has at most 400 lines, a class 200, a function 60."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE, CLASS, FUNCTION = 400, 200, 60
MADE = ROOT / "layers/puhui/python/puhui/edge/contract"  # derived from the contract

sources = [
    path
    for top in ("layers/puhui", "functions", "infra")
    for path in sorted((ROOT / top).rglob("*.py"))
    if MADE not in path.parents
]


def too_large(text: str) -> list[str]:
    """What has more lines than it may, with how many."""
    found = [f"the file: {lines}"] if (lines := len(text.splitlines())) > FILE else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            most = CLASS
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            most = FUNCTION
        else:
            continue
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        found += [f"{node.name}: {lines}"] if lines > most else []
    return found


@pytest.mark.parametrize("path", sources, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_too_large_to_read_at_once(path: Path):
    assert too_large(path.read_text(encoding="utf-8")) == []


def test_what_is_too_large_is_named():
    assert too_large("x = 1\n" * 401) == ["the file: 401"]
    assert too_large("def f():\n" + "    x = 1\n" * 60) == ["f: 61"]
    assert too_large("class C:\n" + "    x = 1\n" * 200) == ["C: 201"]
