"""A process apart in which pictures are looked at: whatever hostile bytes do to a decoder, it costs so many seconds and so much memory
and ends in a reason. It has no credentials and no connection; it lives as long as the function's process, and a new one is started
where one was lost.
"""

import contextlib
import hashlib
import json
import os
import resource
import select
import struct
import subprocess
import sys
import time
from typing import IO

from puhui.activities.evidence import pictures
from puhui.activities.evidence.model import Picture

SECONDS_MAX = 15.0  # a photo takes one or two; the largest that is allowed five
START_SECONDS = 20.0
MEMORY_BYTES_MAX = 768 * 1024 * 1024  # of addresses; the largest that is allowed needs 440 MB
READY = b"\x06"
_LENGTH = struct.Struct(">Q")


class Sandbox:
    """Looks at pictures, one after another."""

    def __init__(self, seconds_max: float = SECONDS_MAX) -> None:
        self._seconds_max = seconds_max
        self._worker: subprocess.Popen[bytes] | None = None

    def look(self, data: bytes) -> Picture:
        """As ``pictures.look``; FILE_TYPE too when the decoder took its process with it, PICTURE_TOO_LARGE when it took too
        long."""
        worker = self._given(data)
        deadline = time.monotonic() + self._seconds_max
        head = _receive(worker, _LENGTH.size, deadline)
        body = _receive(worker, _LENGTH.unpack(head)[0], deadline) if head else head
        if body:
            return _picture(body)
        self.close()
        reason_code = "FILE_TYPE" if body is None else "PICTURE_TOO_LARGE"
        return Picture("", hashlib.sha256(data).hexdigest(), len(data), 0, 0, reason_code)

    def close(self) -> None:
        """End the process."""
        if self._worker:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def _given(self, data: bytes) -> "subprocess.Popen[bytes]":
        """The process, once it has the file; one that was lost while it waited is replaced."""
        if self._worker:
            with contextlib.suppress(OSError):
                return _send(self._worker, data)
            self.close()
        self._worker = _started()
        return _send(self._worker, data)


def _started() -> "subprocess.Popen[bytes]":
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    worker = subprocess.Popen(  # noqa: S603 this very module
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    if not _receive(worker, len(READY), time.monotonic() + START_SECONDS):
        worker.kill()
        worker.communicate()
        raise RuntimeError("the process that looks at pictures does not start")
    return worker


def _send(worker: "subprocess.Popen[bytes]", data: bytes) -> "subprocess.Popen[bytes]":
    stream = _open(worker.stdin)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()
    return worker


def _receive(worker: "subprocess.Popen[bytes]", size: int, deadline: float) -> bytes | None:
    """So many bytes; b"" when they do not come in time, None when the process ended."""
    source, found = _open(worker.stdout).fileno(), b""
    while len(found) < size:
        ready, _, _ = select.select([source], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return b""
        part = os.read(source, size - len(found))
        if not part:
            return None
        found += part
    return found


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("a worker has pipes")
    return stream


def _picture(body: bytes) -> Picture:
    found = json.loads(body)
    return Picture(**{**found, "prints": tuple(found["prints"]), "wanted": tuple(found["wanted"])})


def work(source: IO[bytes], target: IO[bytes]) -> None:
    """Look at what comes until nothing does."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    target.write(READY)
    target.flush()
    while len(head := source.read(_LENGTH.size)) == _LENGTH.size:
        picture = pictures.look(source.read(_LENGTH.unpack(head)[0]))
        body = json.dumps(picture._asdict()).encode()
        target.write(_LENGTH.pack(len(body)) + body)
        target.flush()


if __name__ == "__main__":
    work(sys.stdin.buffer, sys.stdout.buffer)
