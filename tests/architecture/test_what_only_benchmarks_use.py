"""What requirements/bench.in adds (under another licence than ours may be mixed with) stays with the benchmarks."""

import ast
import re

from infra.build.contract import ROOT
from tests.support.sources import parsed

BENCHMARKS = ROOT / "tests/benchmarks"
SOURCES = [
    path for folder in ("layers", "functions", "infra", "tests") for path in (ROOT / folder).rglob("*.py")
]
OTHER_REQUIREMENTS = [
    ROOT / "requirements/local.txt",
    ROOT / "requirements/dev.txt",
    ROOT / "layers/dependencies/requirements.txt",
]


def _added() -> set[str]:
    lines = (ROOT / "requirements/bench.in").read_text(encoding="utf-8").splitlines()
    return {re.split(r"[^\w.-]", line)[0] for line in lines if line and line[0] not in "#-"}


def _imported(text: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_no_file_outside_the_benchmarks_imports_what_only_they_install() -> None:
    importing = {path for path in SOURCES if _added() & _imported(path.read_text(encoding="utf-8"))}
    assert importing
    assert {path for path in importing if not path.is_relative_to(BENCHMARKS)} == set()


def test_no_other_requirements_name_what_only_the_benchmarks_install() -> None:
    assert "pymerkle" in _added()
    for file in OTHER_REQUIREMENTS:
        pins = {line.split("==")[0] for line in file.read_text(encoding="utf-8").splitlines() if "==" in line}
        assert _added() & pins == set(), file.name


def test_the_benchmarks_run_on_the_versions_that_the_tests_ran_with() -> None:
    dev = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8").splitlines()
    bench = (ROOT / "requirements/bench.txt").read_text(encoding="utf-8").splitlines()
    assert set(dev) <= set(bench)
