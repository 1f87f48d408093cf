"""The verifier as its user sees it: arguments in, an exit status and words out."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from puhui.verify.__main__ import main
from tests.support.logs import Log, entry


@dataclass(frozen=True)
class Answer:
    """What a run said."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The answer to --json."""
        return json.loads(self.out)


Run = Callable[..., Answer]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs puhui-verify in English, unless the arguments ask for another language."""
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("no_proxy", "*")

    def run(*arguments: object) -> Answer:
        status = main([str(each) for each in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Answer(status, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def log() -> Log:
    """A log of 300 entries that was published at 100, 200 and 300."""
    log = Log()
    for first in (0, 100, 200):
        log.append([entry(number) for number in range(first, first + 100)])
    return log


@pytest.fixture
def folder(log: Log, tmp_path: Path) -> Path:
    """That log as it is published."""
    return log.write(tmp_path / "log")


@pytest.fixture
def policy(log: Log, tmp_path: Path) -> Path:
    """A file with its policy."""
    path = tmp_path / "alliance.policy"
    path.write_text(log.policy())
    return path


def flipped(data: bytes) -> list[bytes]:
    """``data`` with one bit flipped, once in each byte."""
    return [data[:i] + bytes([data[i] ^ (1 << i % 8)]) + data[i + 1 :] for i in range(len(data))]
