"""The emulator of AWS as a child process: ministack with IAM enforced and its state kept in a folder."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from infra.build.contract import ROOT
from infra.local import logs
from infra.local.processes import Processes
from infra.local.settings import HOST, REGION, RESET, CannotStart

START_SECONDS = 40
STOP_SECONDS = 30
NAME = "emulator"
SAVE = "/_puhui/save"  # as in kept_ministack, which runs inside
# Its workers inherit its environment: this project's sources reach only itself, by this line.
_RUN = f"import sys; sys.path.append({str(ROOT)!r}); from infra.local.mended_ministack import main; main()"
ADMIN = "test"  # ministack's administrator; it listens on this machine only
_SDK = Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60)


class Emulator:
    """``start()``, ``stop()``; in between ``endpoint`` answers AWS's protocols."""

    def __init__(self, state: Path, log: Path) -> None:
        self._state = state
        self._log = log
        self.processes = Processes(state)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Returns once it answers. Raises CannotStart with the end of its log."""
        env = tool_environment(self.endpoint) | {
            "AUTH": "true",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._state / "aws"),
            "S3_DATA_DIR": str(self._state / "s3"),
            "TMPDIR": str(self._state / "tmp"),
            "MINISTACK_REGION": REGION,
            "LOG_LEVEL": "WARNING",
            "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
            "SFTP_ENABLED": "0",
            "PUHUI_FUNCTIONS_LOG": str(self._log.with_name(logs.NAME)),
        }
        with self._log.open("ab") as log:
            self._process = self.processes.start(
                NAME,
                [sys.executable, "-P", "-c", _RUN, str(self._state)],
                env=env,
                cwd=self._state,
                stdin=subprocess.PIPE,  # it ends when this end is closed: by us, or with us
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise CannotStart(
                    f"The emulator stopped at once. {RESET} The end of {self._log}:\n{self._tail()}"
                )
            with contextlib.suppress(httpx.TransportError):
                if (
                    httpx.get(f"{self.endpoint}/_ministack/health", trust_env=False, timeout=2).status_code
                    == 200
                ):
                    return
            time.sleep(0.1)
        raise CannotStart(f"The emulator did not answer within {START_SECONDS} s; see {self._log}. {RESET}")

    def save(self) -> None:
        """Keep all that was deployed, whatever ends it from now on. Raises CannotStart."""
        answer = httpx.post(f"{self.endpoint}{SAVE}", trust_env=False, timeout=STOP_SECONDS)
        if answer.status_code != 200 or not answer.json()["saved"]:
            raise CannotStart(f"The emulator could not save what was deployed; see {self._log}")

    def stop(self, *, keep: bool = True) -> bool:
        """End it, so that it saves its state or, unless ``keep``, does not. Returns whether it did so in time."""
        if self._process is None:
            return True
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM if keep else signal.SIGKILL)
        try:
            process.wait(STOP_SECONDS)
            in_time = True
        except subprocess.TimeoutExpired:
            in_time = False
        self.processes.end(NAME, process)  # its workers, too
        if process.stdin:
            process.stdin.close()
        return in_time

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def client(self, service: str) -> Any:
        """A boto3 client with the administrator's rights."""
        return client(self.endpoint, service)

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])


def client(endpoint: str, service: str) -> Any:
    """A boto3 client of an emulator at ``endpoint``."""
    create: Any = boto3.client  # the stubs ask for a literal name
    return create(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=ADMIN,
        aws_secret_access_key=ADMIN,
        config=_SDK,
    )


def tool_environment(endpoint: str) -> dict[str, str]:
    """This process's environment without anything that could reach a real AWS account or our own source folders."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "SAM_"))
    }
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ADMIN,
        "AWS_SECRET_ACCESS_KEY": ADMIN,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "SAM_CLI_TELEMETRY": "0",
    }


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
