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

from infra.local.settings import HOST, REGION, CannotStart

START_SECONDS = 40
STOP_SECONDS = 30
ADMIN = "test"  # ministack's administrator; it listens on this machine only
_SDK = Config(retries={"max_attempts": 2}, connect_timeout=5, read_timeout=60)


class Emulator:
    """``start()``, ``stop()``; in between ``endpoint`` answers AWS's protocols."""

    def __init__(self, state: Path, log: Path) -> None:
        self._state = state
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Returns once it answers. Raises CannotStart with the end of its log."""
        end_orphan(self._state / "ministack.pid", "ministack")
        env = tool_environment(self.endpoint) | {
            "AUTH": "true",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._state / "aws"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._state / "s3"),
            "TMPDIR": str(self._state / "tmp"),
            "MINISTACK_REGION": REGION,
            "LOG_LEVEL": "WARNING",
            "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
            "SFTP_ENABLED": "0",
        }
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C reaches us only, and we stop it in good order, since it saves its state then.
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("mended_ministack.py"))],
                env=env,
                cwd=self._state,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self._state / "ministack.pid").write_text(str(self._process.pid))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise CannotStart(f"The emulator stopped at once. The end of {self._log}:\n{self._tail()}")
            with contextlib.suppress(httpx.TransportError):
                if (
                    httpx.get(f"{self.endpoint}/_ministack/health", trust_env=False, timeout=2).status_code
                    == 200
                ):
                    return
            time.sleep(0.1)
        raise CannotStart(f"The emulator did not answer within {START_SECONDS} s; see {self._log}")

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
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers; the group is ours, made above
        process.wait()
        (self._state / "ministack.pid").unlink(missing_ok=True)
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


def end_orphan(pid_file: Path, what: str) -> None:
    """End the process (its command line says ``what``) that an earlier, killed run of this very folder left behind."""
    if not pid_file.exists():
        return
    with contextlib.suppress(ValueError, ProcessLookupError, subprocess.TimeoutExpired, FileNotFoundError):
        pid = int(pid_file.read_text())
        command = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        if what in command.stdout:
            os.kill(pid, signal.SIGTERM)
            for _ in range(STOP_SECONDS * 10):
                os.kill(pid, 0)
                time.sleep(0.1)
    pid_file.unlink(missing_ok=True)
