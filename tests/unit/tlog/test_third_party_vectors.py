"""The cases of transparency-dev/merkle, where a folder has them: see tests/vectors/transparency-dev/README.md."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from puhui.tlog import merkle
from puhui.tlog.errors import NotProved

FOLDER = os.environ.get("PUHUI_MERKLE_VECTORS", "")
# Accepted there and refused here.
STRICTER = {
    # Its roots are twelve bytes of text; here a root has 32 bytes.
    "consistency/additional/sizes-are-equal-one-and-proof-is-empty.json",
}


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _proof(case: dict[str, Any]) -> list[bytes]:
    return [_bytes(each) for each in case["proof"] or []]


def _inclusion(case: dict[str, Any]) -> None:
    leaf, root = _bytes(case["leafHash"]), _bytes(case["root"])
    merkle.check_inclusion(leaf, case["leafIdx"], case["treeSize"], _proof(case), root)


def _consistency(case: dict[str, Any]) -> None:
    before, after = _bytes(case["root1"]), _bytes(case["root2"])
    merkle.check_consistency(case["size1"], before, case["size2"], after, _proof(case))


def _accepts(check: Callable[[dict[str, Any]], None], case: dict[str, Any]) -> bool:
    try:
        check(case)
    except NotProved:
        return False
    return True


@pytest.mark.skipif(
    not FOLDER, reason="PUHUI_MERKLE_VECTORS names no folder with the cases of transparency-dev/merkle"
)
@pytest.mark.parametrize(("kind", "check"), [("inclusion", _inclusion), ("consistency", _consistency)])
def test_the_third_partys_cases_are_decided_as_they_say(
    kind: str, check: Callable[[dict[str, Any]], None]
) -> None:
    files = sorted(Path(FOLDER, kind).rglob("*.json"))
    cases = {path.relative_to(FOLDER).as_posix(): json.loads(path.read_text()) for path in files}
    assert len(cases) >= 98
    wanted = {name for name, case in cases.items() if not case["wantErr"]}
    accepted = {name for name, case in cases.items() if _accepts(check, case)}
    assert len(wanted) >= 6
    assert accepted == wanted - STRICTER
