"""What documents say of the repository is true: links, cited paths, the guides' commands, the tables that repeat the contract."""

import codeop
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

import puhui
from infra.build import contract
from infra.build.contract import ROOT
from tests.support import guides

DOMAIN = ROOT / "layers/puhui/python"
BASES = (ROOT, DOMAIN, DOMAIN / "puhui", ROOT / "tests", ROOT / "docs")
SUFFIXES = (".py", ".md", ".yaml", ".json", ".toml", ".svg", ".sh", ".txt")
PARTS = ("docs/", "functions/", "infra/", "layers/", "requirements/", "tests/")
MADE = ("made/", ".puhui/", "PUHUI_STATE/")  # by a build or a run
NAMED = {  # and not there: an example that was taken out again, and what a later decision replaced
    "functions/programmes/get_behaviour/app.py",
    "functions/Makefile",
}
RENAMES = "2026-11-30-rooms.md"  # says what things were called before
HERE = "tests/unit/test_documents.py"
OTHERS = {  # names of AWS, WeChat and of examples
    "DynamoDBCrudPolicy",
    "DynamoDBReadPolicy",
    "GetRevision",
    "ReservedConcurrentExecutions",
    "UseCaseFunction",
    "WITNESS_FAILED",  # WITNESS_ and how it went
    "WarmThroughput",
}
_IDENTIFIER = re.compile(r"(?=\w*(?:_|\.|[a-z][A-Z]))[A-Za-z_]\w*(?:\.\w+)*(?:\(\))?")
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PLACEHOLDER = re.compile(r"[<>{}*$…\s:|=]|\.\.\.")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [ROOT / line for line in listed.stdout.splitlines() if not line.startswith("spec/")]
    return [path for path in found if path.exists()]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def cited(text: str) -> list[str]:
    """What a page names as a path, in backticks."""
    found = [name for name in _CODE.findall(text) if "/" in name and not _PLACEHOLDER.search(name)]
    return [name for name in found if name.startswith(PARTS) or name.endswith(SUFFIXES)]


def modules(text: str) -> list[str]:
    """What a page names as a file of code without its folder."""
    return [name for name in _CODE.findall(text) if re.fullmatch(r"\w+\.py", name)]


def exists(name: str, page: Path) -> bool:
    return (
        name in NAMED
        or name.startswith(MADE)
        or any((base / name).exists() for base in (page.parent, *BASES))
    )


@cache
def files() -> frozenset[str]:
    """The names of all files of code."""
    return frozenset(path.name for top in PARTS for path in (ROOT / top).rglob("*.py"))


each_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for name, anchor in _LINK.findall(prose(page)):
        if "://" in name or name.startswith("mailto:"):
            continue
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), name
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{name}#{anchor}"


@each_page
def test_every_cited_path_exists(page: Path) -> None:
    if page.name == RENAMES:
        return
    text = prose(page)
    assert [name for name in cited(text) if not exists(name, page)] == []
    assert [name for name in modules(text) if name not in files()] == []


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


@cache
def words_of_the_tree() -> frozenset[str]:
    """Every word of what is no document: code, stacks, contract, data."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    code = (".py", ".yaml", ".json", ".toml", ".txt", "Makefile")
    paths = [ROOT / line for line in listed.stdout.splitlines() if line.endswith(code) and line != HERE]
    found = [words(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
    return frozenset().union(*found)


@each_page
def test_every_name_of_code_exists(page: Path) -> None:
    """What looks like a name of ours, `two_words`, `TwoWords` or `module.name`; behind a path it is in that file."""
    if page.name == RENAMES:
        return
    missing = []
    for name in _CODE.findall(prose(page)):
        if name in OTHERS or name.startswith("wx.") or name.endswith(SUFFIXES):
            continue
        if _IDENTIFIER.fullmatch(name):
            missing += [name] if words(name) - words_of_the_tree() else []
        elif found := re.fullmatch(r"([\w/]+/\w+)\.(\w+)", name):
            paths = [path for base in BASES if (path := base / f"{found[1]}.py").exists()]
            missing += (
                [] if any(found[2] in words(path.read_text()) for path in paths) or not paths else [name]
            )
    assert missing == []


@pytest.mark.parametrize("name", guides.NAMES)
def test_both_languages_of_a_guide_hold_the_same_commands(name: str) -> None:
    english, chinese = (
        [block[:2] for block in guides.blocks(name, language)] for language in ("en", "zh-CN")
    )
    assert english == chinese
    assert guides.commands(name)
    page = prose(guides.GUIDES / f"{name}.zh-CN.md")
    assert len(_HAN.findall(page)) > len(re.findall(r"[a-z]+", page)), "it is in Chinese"


@pytest.mark.parametrize("name", guides.NAMES)
def test_a_guides_python_can_be_typed_line_by_line(name: str) -> None:
    """At the prompt of ``python -i`` a blank line ends an indented block, and nothing else does."""
    for block in guides.commands(name):
        if block.language == "python":
            typed: list[str] = []
            for line in [*block.text.splitlines(), ""]:
                typed.append(line)
                if codeop.compile_command("\n".join(typed), f"{name}.md:{block.line}", "single"):
                    typed = []


def test_the_deployers_commands_work(tmp_path: Path) -> None:
    checks = "-m infra.rules"  # takes half a minute, and `make lint` runs it before any test
    assert checks in (ROOT / "Makefile").read_text(encoding="utf-8")
    guides.play("deployer", tmp_path, without=checks)
    assert "JwtSecret" in (tmp_path / "parameters.json").read_text(encoding="utf-8")


def test_the_readme_has_a_chinese_twin_with_the_same_commands() -> None:
    blocks = [
        re.findall(r"^```\w*\n.*?^```$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert [_commands(block) for block in blocks[0]] == [_commands(block) for block in blocks[1]]


def _commands(block: str) -> list[str]:
    """A block without its comments, which are in the page's language."""
    return [re.sub(r"\s+#.*|^#.*", "", line) for line in block.splitlines()]


def test_the_table_of_roles_is_the_contracts() -> None:
    page = (ROOT / "docs/permissions.md").read_text(encoding="utf-8")
    table: dict[frozenset[str], set[str]] = {}
    for roles, operations in re.findall(r"^\| (`[a-z_`, ]+) \| (`[a-z_`, ]+) \|$", page, re.MULTILINE):
        table[frozenset(_CODE.findall(roles))] = set(_CODE.findall(operations))
    asked: dict[frozenset[str], set[str]] = {}
    for operation in contract.operations():
        if operation.roles:
            asked.setdefault(frozenset(operation.roles), set()).add(operation.id)
    assert table == asked


def test_the_version_is_one() -> None:
    assert f'\nversion = "{puhui.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"\n## {puhui.__version__} - " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
