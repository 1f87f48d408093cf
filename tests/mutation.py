"""python -m tests.mutation --count 200 --seed 11 [--tree DIR]: whether the tests notice when a rule says something else.

Chooses changes at random in the pure modules (a comparison, a sum, a number, a truth), makes one at a time in a copy of the tree, and runs
the tests of that package. A module is pure when it neither imports the store or a request's way nor declares or asks for a port.
Prints what survived, and the score. Slow: some seconds a change; nothing runs it but a person.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LAYER = Path("layers/puhui/python/puhui")
IMPURE = (
    "dynamo",
    "repository",
    "usecases",
    "wiring",
    "ports",
    "api",
    "errors",
    "client",
    "kms",
    "signing",
    "outbox",
    "__main__",
)
PACKAGES = (
    "activities",
    "formulas",
    "kernel",
    "ledger",
    "members",
    "merchants",
    "methodologies",
    "points",
    "programmes",
    "rewards",
    "settlement",
    "tlog",
)
SECONDS_MAX = 900
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn,
    ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
}  # fmt: skip


class Change(NamedTuple):
    """One change: the file, how many places of the file come before it, and what a person reads of it."""

    file: str
    place: int
    text: str


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What can be changed in a module, in the order of the source, outside annotations and texts."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=[op]) if type(op) in COMPARED:
                yield node, f"{type(op).__name__} -> {COMPARED[type(op)].__name__}"
            case ast.BinOp(op=op) if type(op) in COUNTED and not _text(node):
                yield node, f"{type(op).__name__} -> {COUNTED[type(op)].__name__}"
            case ast.BoolOp(op=op):
                yield node, "and <-> or"
            case ast.UnaryOp(op=ast.Not()):
                yield node, "not -> nothing"
            case ast.Constant(value=value) if type(value) is int:
                yield node, f"{value} -> {value + 1}"
            case ast.Constant(value=bool()):
                yield node, "true <-> false"


def _text(node: ast.BinOp) -> bool:
    return any(
        isinstance(each, ast.Constant | ast.JoinedStr) and not isinstance(getattr(each, "value", ""), int)
        for each in (node.left, node.right)
    )


def change(node: ast.AST) -> None:
    """Make the node say something else."""
    match node:
        case ast.Compare():
            node.ops = [COMPARED[type(node.ops[0])]()]
        case ast.BinOp():
            node.op = COUNTED[type(node.op)]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp():
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant():
            node.value = node.value + 1  # type: ignore[operator]


def pure(tree: ast.AST) -> bool:
    """Whether a module imports no store, no edge and no port, and declares no port of its own."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=module):
                parts = (module or "").split(".") + [each.name for each in node.names]
            case ast.Import(names=names):
                parts = [part for each in names for part in each.name.split(".")]
            case _:
                continue
        if not {"store", "edge", "ports", "dynamo", "repository", "repositories", "Protocol"}.isdisjoint(
            parts
        ):
            return False
    return True


def chosen(tree: Path, count: int, seed: int) -> list[Change]:
    """Changes at random over all pure modules."""
    found = []
    for package in PACKAGES:
        for file in sorted((tree / LAYER / package).rglob("*.py")):
            source = file.read_text(encoding="utf-8")
            if file.stem in IMPURE or not pure(ast.parse(source)):
                continue
            for number, (node, what) in enumerate(places(ast.parse(source))):
                line = source.splitlines()[getattr(node, "lineno", 1) - 1].strip()
                found.append(Change(str(file.relative_to(tree)), number, f"{what} in: {line}"))
    return random.Random(seed).sample(found, min(count, len(found)))


def survives(tree: Path, it: Change) -> bool:
    """Whether all tests of the package pass in spite of the change."""
    file = tree / it.file
    source = file.read_text(encoding="utf-8")
    module = ast.parse(source)
    change(list(places(module))[it.place][0])
    file.write_text(ast.unparse(module), encoding="utf-8")
    try:
        return passes(tree, Path(it.file).relative_to(LAYER).parts[0])
    finally:
        file.write_text(source, encoding="utf-8")


def passes(tree: Path, package: str) -> bool:
    """Whether the unit and contract tests of the package pass."""
    folders = [f"tests/{kind}/{package}" for kind in ("unit", "contracts")]
    suspects = [each for each in folders if (tree / each).exists()]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-m",
        "not local_cloud",
        *suspects,
    ]
    paths = os.pathsep.join((str(tree / LAYER.parent), str(tree)))
    try:
        run = subprocess.run(
            command,
            cwd=tree,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired:
        return False
    return run.returncode == 0


def main() -> None:
    """Choose, change, run, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--tree", type=Path, default=ROOT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(
            given.tree,
            tree,
            ignore=shutil.ignore_patterns(".git", ".venv", ".puhui", ".aws-sam", "__pycache__"),
        )
        changes = chosen(tree, given.count, given.seed)
        for package in sorted({Path(it.file).relative_to(LAYER).parts[0] for it in changes}):
            if not passes(tree, package):
                sys.exit(f"The tests of {package} fail as they are: no change can be judged by them.")
        left = []
        for number, it in enumerate(changes, 1):
            if survives(tree, it):
                left.append(it)
                print(f"survived: {it.file}: {it.text}", flush=True)
            print(f"{number} of {len(changes)}, {len(left)} survived", flush=True)
    print(f"killed {len(changes) - len(left)} of {len(changes)}")


if __name__ == "__main__":
    main()
