"""tests/cases/tlog.json: inputs that were judged wrongly once, each through the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from puhui.tlog.notes import Key
from tests.support.logs import signer
from tests.unit.verify.conftest import Run

CASES = Path(__file__).parents[2] / "cases"
GIVEN = CASES / "tlog-policy.txt"
LEAF = "aGVsbG8="  # hello
EXPECTED = {"not proved": 1, "accepted": 0, "either log accepted": 0}


def log_line(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("log "))


def two_logs(text: str) -> list[str]:
    other = f"log {signer('other.example/1').key}"
    return [f"{other}\n{text}", text.replace(log_line(text), f"{log_line(text)}\n{other}")]


def capitals(text: str) -> list[str]:
    for line in text.splitlines():
        if (vkey := next((word for word in line.split() if word.count("+") >= 2), "")) and Key.parse(vkey):
            name, key_id, body = vkey.split("+", 2)
            text = text.replace(vkey, f"{name}+{key_id.upper()}+{body}")
    return [text]


POLICIES = {
    "tlog-policy.txt": lambda text: [text],
    "two log lines": two_logs,
    "key id in upper-case hex": capitals,
}


@pytest.mark.parametrize(
    "case", json.loads((CASES / "tlog.json").read_text()), ids=lambda case: case["policy"]
)
def test_a_case_is_judged_as_the_formats_texts_say(case: dict[str, Any], run: Run, tmp_path: Path) -> None:
    receipt = CASES / case.get("file", "ts-ok.tlog-proof")
    for number, text in enumerate(POLICIES[case["policy"]](GIVEN.read_text())):
        policy = tmp_path / f"{number}.policy"
        policy.write_text(text)
        answer = run("receipt", receipt, "--policy", policy, "--entry-base64", LEAF)
        assert answer.status == EXPECTED[case["expect"]], answer


def test_the_receipt_beside_the_cases_is_proved(run: Run) -> None:
    assert run("receipt", CASES / "ts-ok.tlog-proof", "--policy", GIVEN, "--entry-base64", LEAF).status == 0
