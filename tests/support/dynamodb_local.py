"""AWS's own DynamoDB engine (DynamoDB Local) as a second opinion, where Java and npm are there."""

import shutil
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tables import free_port

PACKAGE = "amplify-dynamodb-simulator"  # ships the engine in emulator/
START_SECONDS = 40


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The engine's address; skips where it cannot be had."""
    if not (shutil.which("java") and shutil.which("npm")):
        pytest.skip("DynamoDB Local needs java and npm")
    folder = tmp_path_factory.mktemp("dynamodb-local")
    packed = subprocess.run(
        ["npm", "pack", PACKAGE, "--silent"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    if packed.returncode:
        pytest.skip(f"npm has no {PACKAGE} here")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    emulator = next(Path(folder).rglob("DynamoDBLocal.jar")).parent
    port = free_port()
    command = ["java", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([*command, "-port", str(port)], cwd=emulator, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except urllib.error.HTTPError:
            return  # it answers: an unsigned GET is refused
        except OSError:
            time.sleep(0.2)
    pytest.skip("DynamoDB Local did not start")


@pytest.fixture(params=["ministack", pytest.param("dynamodb-local", marks=pytest.mark.java)])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, dynamodb_endpoint: str) -> str:
    """Each engine in turn; tables that are made afterwards are its."""
    if request.param == "dynamodb-local":
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", request.getfixturevalue("dynamodb_local"))
    name: str = request.param
    return name
