"""The commands of the guides: what stands in fences of sh and python, in the order of the page."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from infra.build.contract import ROOT

GUIDES = ROOT / "docs/guides"
NAMES = ("front-end", "operator", "merchant", "data-partner", "verifier", "deployer")
BASE_URL = "http://127.0.0.1:8080"
STATE = ".puhui/"  # where guides put files
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block; ``line`` is where its first line stands in the file."""

    language: str
    text: str
    line: int


def blocks(name: str, language: str = "en") -> list[Block]:
    """All fenced blocks of a guide."""
    path = GUIDES / (f"{name}.md" if language == "en" else f"{name}.{language}.md")
    page = path.read_text(encoding="utf-8")
    return [
        Block(found[1], found[2], page.count("\n", 0, found.start(2)) + 1) for found in _FENCE.finditer(page)
    ]


def commands(name: str, language: str = "en") -> list[Block]:
    """The blocks that a reader runs."""
    return [block for block in blocks(name, language) if block.language in ("sh", "python")]


def play(name: str, folder: Path, url: str = BASE_URL, *, without: str = "") -> None:
    """Run a guide's commands as a reader would, in a process of its own: the local cloud at ``url``, files in ``folder``. Python blocks
    share their names. Blocks that hold ``without`` are left out."""
    command = [sys.executable, "-m", "tests.support.guides", name, str(folder), url, without]
    search = os.pathsep.join(sys.path)
    ran = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{name}.md: {ran.stdout}{ran.stderr}"


def _play(name: str, folder: Path, url: str, without: str) -> None:
    session: dict[str, Any] = {"__name__": "guide"}
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PUHUI_PORT": url.rsplit(":", 1)[1],
        "SAM_CLI_TELEMETRY": "0",
    }
    for block in commands(name):
        if without and without in block.text:
            continue
        text = block.text.replace(BASE_URL, url).replace(STATE, f"{folder}/")
        if block.language == "python":
            where = str(GUIDES / f"{name}.md")
            exec(compile("\n" * (block.line - 1) + text, where, "exec"), session)
        else:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, f"{name}.md:{block.line}: {ran.stdout}{ran.stderr}"


if __name__ == "__main__":
    _play(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
