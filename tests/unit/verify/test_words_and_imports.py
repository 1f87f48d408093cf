"""The verifier's words are complete in both languages, and it needs no cloud."""

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from puhui import tlog, verify
from puhui.verify import words
from tests.support.sources import parsed

ROOTS = [Path(each.__file__ or "").parent for each in (tlog, verify)]
ERRORS = {"Malformed", "NotProved", "Unreadable", "Missing", "Usage"}


def messages() -> Iterator[str]:
    """Every message that the two packages raise, with 7 in the place of each value; a verifier gets no requests."""
    for path in (
        path for root in ROOTS for path in sorted(root.glob("*.py")) if path.name != "witnessing.py"
    ):
        for node in ast.walk(parsed(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ERRORS
                and node.args
            ):
                match node.args[0]:
                    case ast.Constant(value=str(text)):
                        yield text
                    case ast.JoinedStr(values=parts):
                        yield "".join(
                            str(each.value) if isinstance(each, ast.Constant) else "7" for each in parts
                        )


def test_every_reason_is_known_in_chinese():
    found = set(messages())
    assert len(found) > 60
    assert [text for text in sorted(found) if words.reason("zh", text) == text] == []


def test_both_languages_have_the_same_values():
    for english, chinese in {**words.CHINESE, **words.REASONS}.items():
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, chinese)
        ]
        assert names[0] == names[1], english


def test_what_looks_chinese_is_chinese():
    for english, chinese in {**words.CHINESE, **words.REASONS}.items():
        letters = re.sub(r"\{\w+\}", "", english)
        assert re.search("[\u4e00-\u9fff]", chinese) or not re.search("[a-z]{5}", letters), english


def test_a_reason_within_a_reason_is_translated_too():
    assert words.reason("zh", "line 3 of the policy: this is not base64") == "联署规则第 3 行：这不是 base64"


def test_an_unknown_reason_stays_as_it_is():
    assert words.reason("zh", "something else") == "something else"


@pytest.mark.parametrize(
    ("arguments", "lang", "expected"),
    [
        ([], "", "en"),
        ([], "zh_CN.UTF-8", "zh"),
        ([], "C", "en"),
        (["--lang", "en"], "zh_CN.UTF-8", "en"),
        (["--lang=zh"], "", "zh"),
        (["--lang"], "zh_CN.UTF-8", "en"),
    ],
)
def test_the_language_is_asked_for_or_follows_lang(arguments, lang, expected):
    assert words.language_of(arguments, {"LANG": lang}) == expected


def test_a_long_line_is_cut():
    assert len(words.plain("x" * 100_000)) < 1000


def test_the_verifier_imports_no_cloud():
    code = "import sys, puhui.verify.__main__; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    loaded = set(result.stdout.split())
    assert "puhui.verify.checks" in loaded
    ours = {name for name in loaded if name.split(".")[0] == "puhui"}
    assert {
        name for name in ours if not re.match(r"puhui($|\.(kernel|formulas|tlog|verify)\b)", name)
    } == set()
    assert loaded & {"boto3", "botocore", "requests", "pynamodb", "chalice"} == set()


def test_the_module_runs_as_a_program(tmp_path):
    run = [sys.executable, "-m", "puhui.verify", "opening", str(tmp_path / "none"), "--lang", "zh"]
    env = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(run, capture_output=True, text=True, check=False, env=env)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith("\\u51fa\\u9519")
