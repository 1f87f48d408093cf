"""Faults that were ordered: the next answers of an endpoint fail so."""

import threading
from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Fault:
    """Answer ``errcode``, or an HTTP error of ``http_status``, after ``delay_ms``; ``lose_reply`` does the
    work first and loses the answer. A delay alone answers normally, late."""

    path: str
    errcode: int = 0
    http_status: int = 0
    delay_ms: int = 0
    lose_reply: bool = False
    times: int = 1


class Faults:
    """First ordered, first used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Add one."""
        with self._lock:
            self._faults.append(fault)

    def take(self, path: str) -> Fault | None:
        """The fault of this answer, if one was ordered."""
        with self._lock:
            for fault in self._faults:
                if fault.path == path and fault.times > 0:
                    fault.times -= 1
                    self._faults = [fault for fault in self._faults if fault.times > 0]
                    return fault
            return None

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._faults.clear()

    def left(self) -> list[dict[str, Any]]:
        """What is still to come."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]
