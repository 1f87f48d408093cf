"""The processes that a local cloud starts. Each is written down by its number and when it started, so that a later start can end
what a killed one left behind, and never a stranger that has got the same number since.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from infra.local.settings import CannotStart

GONE_SECONDS = 10
LOOK_SECONDS = 0.5
CLOCK_SECONDS = 2  # ps tells starts in whole seconds, rounded either way


class Processes:
    """Those of one folder: it stands in the command line of each of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records = folder / "processes"

    def start(self, name: str, command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """A process in a session of its own: Ctrl-C reaches us only, and it can be ended with all that it starts."""
        self._records.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(command, start_new_session=True, **options)
        write_whole(self.record(name), json.dumps({"pid": process.pid, "started": time.time()}))
        return process

    def run(
        self, name: str, command: Sequence[str], *, needs: Callable[[], bool] = lambda: True, **options: Any
    ) -> int | None:
        """Its exit status; None when what it needs has gone. Whatever ends us meanwhile ends it, too."""
        process = self.start(name, command, **options)
        try:
            while needs():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(LOOK_SECONDS)
            return None
        finally:
            self.end(name, process)

    def end(self, name: str, process: subprocess.Popen[Any]) -> None:
        """Kill what is left of it and of what it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.record(name).unlink(missing_ok=True)

    def record(self, name: str) -> Path:
        """Where its number is while it runs."""
        return self._records / f"{name}.json"

    def end_orphans(self) -> dict[str, bool]:
        """Kill what an earlier start has left, which loses nothing that was acknowledged. What a killed start had running, and
        whether any of it still ran."""
        found = {}
        for record in sorted(self._records.glob("*.json")):
            known = json.loads(record.read_text())
            found[record.stem] = self._kill(known)
            record.unlink()
        return found

    def _kill(self, known: dict[str, Any]) -> bool:
        deadline = time.monotonic() + GONE_SECONDS
        any_found = False
        while orphans := [each.pid for each in _running() if self._is_of(each, known)]:
            any_found = True
            for pid in orphans:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"Processes of an earlier start do not end: {orphans}. Restart the machine."
                )
            time.sleep(0.05)
        return any_found

    def _is_of(self, found: "_Found", known: dict[str, Any]) -> bool:
        """Whether it is the process that was written down, or one that that has started."""
        later = found.started - known["started"]
        return (
            found.group == known["pid"]
            and str(self._folder) in found.command
            and later >= -CLOCK_SECONDS
            and (found.pid != known["pid"] or later <= CLOCK_SECONDS)
        )


class _Found(NamedTuple):
    pid: int
    group: int
    started: float
    command: str


def _running() -> Iterator[_Found]:
    """The processes of this user."""
    shown = subprocess.run(
        ["ps", "-x", "-ww", "-o", "pid=,pgid=,lstart=,command="],
        env=os.environ | {"LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    for line in shown.stdout.splitlines():
        with contextlib.suppress(ValueError):
            pid, group, *start, command = line.split(None, 7)
            started = time.mktime(time.strptime(" ".join(start), "%a %b %d %H:%M:%S %Y"))
            yield _Found(int(pid), int(group), started, command)


def said_of(found: dict[str, bool]) -> str:
    """For a person: what ``end_orphans`` found."""
    left = ", ".join(name for name, ran in found.items() if ran)
    rest = f"It had left running, now ended: {left}." if left else "It had left nothing running."
    return f"The last start was ended by force. {rest} What was acknowledged is kept."


def write_whole(path: Path, text: str, mode: int = 0o666) -> None:
    """Put a file in place whole or not at all."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
    draft.replace(path)
