"""Verifiers of logs that share no code with this project: a Go program on golang.org/x/mod/sumdb, and the Python tools
aics-tlog and aics-witness in an environment of their own. Where they cannot be had the tests that ask for them are
skipped, but not where CI is set: there they fail."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from puhui.tlog.notes import Key
from tests.support.tables import free_port

SOURCE = Path(__file__).parents[1] / "independent" / "verifier"
GO_LIBRARIES = "/usr/share/gocode"  # where Debian and Ubuntu put them (golang-golang-x-mod-dev)
PYTHON_TOOLS = ["aics-tlog==0.2.1", "aics-witness==0.1.0"]
START_SECONDS = 20


@dataclass(frozen=True)
class Verdict:
    """What a tool found: whether all is well, and its words."""

    ok: bool
    said: str


@dataclass(frozen=True)
class Tool:
    """A program that says what it found by its exit code."""

    path: Path

    def __call__(self, *arguments: str | Path) -> Verdict:
        """Run it to its end."""
        command = [str(self.path), *map(str, arguments)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if ran.returncode not in (0, 1):
            raise AssertionError(f"{self.path.name} broke: {ran.stderr or ran.stdout}")
        return Verdict(ran.returncode == 0, ran.stdout + ran.stderr)


@dataclass(frozen=True)
class PythonTools:
    """The two programs."""

    aics_tlog: Tool
    aics_witness: Tool


@dataclass(frozen=True)
class Answer:
    """What a witness answers."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True)
class WitnessServer:
    """A witness of another make that runs: its address and its key."""

    url: str
    key: Key

    def post(self, body: bytes) -> Answer:
        """POST add-checkpoint."""
        request = urllib.request.Request(f"{self.url}/add-checkpoint", body, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return Answer(response.status, response.headers.get_content_type(), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get_content_type(), error.read())


@pytest.fixture(scope="session")
def go_verifier(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The program of tests/independent/verifier, built."""
    go = shutil.which("go")
    if go is None:
        _missing("the verifier in Go needs go on the PATH (golang-go)")
    if not Path(GO_LIBRARIES, "src/golang.org/x/mod/sumdb").is_dir():
        _missing("the verifier in Go needs golang.org/x/mod (golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("go")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": GO_LIBRARIES,
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
    }
    command = [go, "build", "-o", str(folder / "verifier"), "."]
    built = subprocess.run(
        command, cwd=SOURCE, env=environment, capture_output=True, text=True, check=False, timeout=110
    )
    assert built.returncode == 0, built.stderr
    return Tool(folder / "verifier")


@pytest.fixture(scope="session")
def python_tools(tmp_path_factory: pytest.TempPathFactory) -> PythonTools:
    """The Python tools, in an environment of their own."""
    folder = tmp_path_factory.mktemp("python-tools")
    # They declare Python 3.12, but run on 3.11 too.
    install = [
        folder / "bin/python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--ignore-requires-python",
        *PYTHON_TOOLS,
    ]
    for command in ([sys.executable, "-m", "venv", folder], install):
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
        if ran.returncode:
            _missing(f"{' and '.join(PYTHON_TOOLS)} could not be installed: {ran.stderr.strip()[-300:]}")
    return PythonTools(Tool(folder / "bin/aics-tlog"), Tool(folder / "bin/aics-witness"))


@contextlib.contextmanager
def running_witness(tools: PythonTools, folder: Path, log: Key, name: str) -> Iterator[WitnessServer]:
    """An aics-witness called ``name`` that serves the log with this key while the block runs; its state lies in
    ``folder`` and outlives it."""
    config, port = folder / "witness.json", free_port()
    init = subprocess.run(
        [tools.aics_witness.path, "init", "-c", config, "--name", name, "--listen", f"127.0.0.1:{port}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    added = tools.aics_witness("add-log", "-c", config, "--origin", log.name, "--vkey", str(log))
    assert added.ok, added.said
    url = f"http://127.0.0.1:{port}"
    with (folder / "witness.log").open("w") as output:
        command = [tools.aics_witness.path, "serve", "-c", config, "--listen", f"127.0.0.1:{port}"]
        server = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(server, url, folder / "witness.log")
        yield WitnessServer(url, Key.parse(init.stdout.strip()))
    finally:
        server.terminate()
        server.wait(10)


def _wait(server: "subprocess.Popen[bytes]", url: str, output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except urllib.error.HTTPError as error:
            error.close()
            return  # it answers
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the witness did not start: {output.read_text()}")


def _missing(why: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{why}; this is a CI machine, where it has to be there", pytrace=False)
    pytest.skip(why)
