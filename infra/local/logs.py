"""From a failure of the local cloud to its cause: the functions' log lines, as they come and by request.

`make run` prints the line of every failure; `make logs REQUEST=<request_id>` prints all lines of one request, `make logs` the last failures.
"""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAME = "functions.log"
SHOWN = 20
PAUSE_SECONDS = 0.3
_FIRST = ("at", "level", "function", "operation", "task", "stream", "request_id", "status", "code", "failure")


def of_request(logs: Path, request_id: str) -> list[str]:
    """The lines that name the request, oldest first, for a person."""
    return [
        readable(line)
        for line in _lines(logs)
        if request_id in (line.get("request_id"), line.get("trace_id"))
    ]


def failures(logs: Path, count: int = SHOWN) -> list[str]:
    """The last lines of what went wrong, oldest first."""
    return [readable(line) for line in _lines(logs) if failed(line)][-count:]


def failed(line: dict[str, Any]) -> bool:
    """Whether the line tells of a fault of ours: a 500, an uncaught error, a denied action."""
    return line.get("level") == "ERROR"


def nothing_found(file: Path, request_id: str) -> str:
    """What is said when there is no line: of the request, or of any failure."""
    if not request_id:
        return f"No failure in {file}."
    return (
        f"No line names the request {request_id} in {file}: the gateway itself refused it (401, or 404 without x-request-id), "
        "or the id is wrong."
    )


def readable(line: dict[str, Any]) -> str:
    """One line: what a person looks for first, then the rest."""
    ordered = {name: line[name] for name in _FIRST if line.get(name) not in (None, "")}
    ordered |= {name: value for name, value in line.items() if name not in _FIRST}
    return "  ".join(f"{name}={value}" for name, value in ordered.items())


def _lines(logs: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(logs.glob(f"{NAME}*"), reverse=True):  # functions.log.2, .1, then the present one
        for text in file.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                found = json.loads(text)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found


class Follower:
    """Tells of failures while the local cloud runs."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._file = logs / NAME
        self._say = say
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="failures", daemon=True)

    def start(self) -> None:
        """From the file's present end on."""
        self._file.touch()
        self._place = self._file.stat().st_size
        self._thread.start()

    def stop(self) -> None:
        """Say what is still unsaid, and end. Nothing, when it has not started: a start may be stopped before that."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(2)

    def _follow(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            self._read()
        self._read()

    def _read(self) -> None:
        if self._file.stat().st_size < self._place:  # it was set aside, and a new one begun
            self._place = 0
        with self._file.open("rb") as file:
            file.seek(self._place)
            for text in iter(file.readline, b""):
                if not text.endswith(b"\n"):
                    break
                self._place += len(text)
                self._tell(text)

    def _tell(self, text: bytes) -> None:
        try:
            line = json.loads(text)
        except ValueError:
            return
        if failed(line):
            self._say(readable(line))
