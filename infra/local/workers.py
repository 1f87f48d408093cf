"""What the emulator's function workers leave behind: their log lines in one file, and no more idle processes than a machine bears.

Runs inside the emulator (mended_ministack installs it); ``infra.local.logs`` reads the file from outside.
"""

import json
import logging
import os
import threading
import time
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import Any

from ministack.core import lambda_runtime

LOG_FILE = "PUHUI_FUNCTIONS_LOG"  # where the lines go; no file when it is not set
IDLE_WORKERS = "PUHUI_IDLE_WORKERS"  # how many may wait for their next request
IDLE_WORKERS_DEFAULT = 24  # of about 30 MB each
IDLE_SECONDS = 600.0
CHECK_SECONDS = 5.0
REFUSED = "Unauthorized"  # what an authoriser raises, by API Gateway's convention, for a bad token
LOG_BYTES, LOG_FILES = 20_000_000, 2


class Lines:
    """Every line that a function logs, as JSON with the function's name, in a file that does not grow for ever."""

    def __init__(self, path: str) -> None:
        self._logger = logging.getLogger("puhui.functions")
        self._logger.propagate = False
        self._logger.setLevel(logging.INFO)
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(message)s"))
        self._logger.addHandler(handler)

    def keep(self, function: str, result: dict[str, Any]) -> None:
        """Write what one invocation logged, and how it failed if it did."""
        logged = [_parsed(text) for text in (result.get("log") or "").splitlines()]
        for line in logged:
            self._write(function, line)
        said = any(line.get("level") == "ERROR" for line in logged)
        if result.get("status") == "error" and result.get("error") != REFUSED and not said:
            self._write(function, {"level": "ERROR", "failure": str(result.get("error"))})

    def _write(self, function: str, fields: dict[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._logger.info(json.dumps({"at": at, "function": function, **fields}, ensure_ascii=False))


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}


def lines() -> Lines | None:
    """Where the environment says; None when it says nothing."""
    path = os.environ.get(LOG_FILE)
    return Lines(path) if path else None


def end_idle(most: int, seconds: float = IDLE_SECONDS) -> int:
    """End the workers that have waited longest: all that have waited ``seconds``, and of the others those beyond ``most``. How many
    were ended. The next request of such a function starts a new one."""
    now = time.time()
    with lambda_runtime._lock:  # noqa: SLF001 the pool is inside
        pools = lambda_runtime._workers  # noqa: SLF001
        idle = [worker for pool in pools.values() for worker in pool if not worker.in_use]
        idle.sort(key=lambda worker: worker.last_used, reverse=True)
        doomed = [each for place, each in enumerate(idle) if place >= most or now - each.last_used > seconds]
        gone = set(map(id, doomed))
        for key, pool in list(pools.items()):
            kept = [worker for worker in pool if id(worker) not in gone]
            if kept:
                pools[key] = kept
            else:
                del pools[key]
    lambda_runtime.kill_workers(doomed)
    return len(doomed)


def keep_few_idle() -> None:
    """End idle workers from now on."""
    most = int(os.environ.get(IDLE_WORKERS, IDLE_WORKERS_DEFAULT))

    def check() -> None:
        while True:
            time.sleep(CHECK_SECONDS)
            end_idle(most)

    threading.Thread(target=check, name="idle-workers", daemon=True).start()
