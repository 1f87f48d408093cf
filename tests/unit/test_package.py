"""The build ships every function compiled by the runtime's Python, or nothing."""

import re
import zipfile
from pathlib import Path

import pytest

from infra.build import package
from infra.build.contract import ROOT

NAMES = {app.parent.name for app in (ROOT / "functions").rglob("app.py")}


@pytest.fixture
def built_for_the_host(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(package, "FOR_HOST", True)
    package._target_python.cache_clear()
    yield
    package._target_python.cache_clear()


def test_without_the_runtimes_python_the_build_says_what_to_do_and_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(package, "FOR_HOST", False)
    monkeypatch.setattr(package, "LAMBDA_PYTHON", "3.99")
    package._target_python.cache_clear()
    with pytest.raises(SystemExit, match=r"python3\.13 on the PATH, or run: uv python install"):
        package.functions(tmp_path / "functions")
    assert not (tmp_path / "functions").exists()


def test_every_function_is_a_zip_of_its_source_and_its_compiled_code(built_for_the_host, tmp_path: Path):
    (tmp_path / "of_a_function_that_is_gone.zip").touch()
    package.functions(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.zip" for name in NAMES}
    for path in tmp_path.iterdir():
        with zipfile.ZipFile(path) as archive:
            compiled, source = sorted(archive.namelist())[:2]
            assert source == "app.py"
            assert re.fullmatch(r"__pycache__/app\.cpython-\d+\.pyc", compiled)
            flags = int.from_bytes(archive.read(compiled)[4:8], "little")
            assert flags == 1, "compiled code has to be of the kind that is never checked against its source"


def test_the_same_sources_are_the_same_zips(built_for_the_host, tmp_path: Path):
    package.functions(tmp_path / "once")
    package.functions(tmp_path / "again")
    for name in NAMES:
        once, again = (tmp_path / folder / f"{name}.zip" for folder in ("once", "again"))
        assert once.read_bytes() == again.read_bytes()
