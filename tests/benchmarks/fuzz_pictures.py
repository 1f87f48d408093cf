"""Broken pictures through the process that decodes them: no error, no death of the process, bounded time and memory.

make fuzz        20,000 pictures of every type, in two processes; the suite runs the first 1,500
"""

import os
import sys
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

from puhui.activities.evidence.sandbox import Sandbox
from tests.support.broken_pictures import broken

PICTURES, PART = 20_000, 500


def part(first: int) -> tuple[Counter[str], float, int, int]:
    """What became of a part: reasons, the longest look in seconds, the most memory in MB, processes that were lost."""
    room, reasons, longest, lost, before = Sandbox(), Counter[str](), 0.0, 0, 0
    for seed in range(first, first + PART):
        data = broken(seed)
        began = time.perf_counter()
        reasons[room.look(data).reason_code] += 1
        longest = max(longest, time.perf_counter() - began)
        now = room._worker.pid if room._worker else 0
        lost += bool(before) and now != before
        before = now
    memory = _peak(before)
    room.close()
    return reasons, longest, memory, lost


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), 0)


def main() -> int:
    """Run it all and say what was found."""
    began = time.perf_counter()
    with Pool(min(2, os.cpu_count() or 1)) as pool:
        parts = pool.map(part, range(0, PICTURES, PART), chunksize=1)
    reasons = sum((each[0] for each in parts), Counter[str]())
    lost = sum(each[3] for each in parts)
    print(f"{reasons.total()} pictures in {time.perf_counter() - began:.0f} s: {dict(reasons)}")
    print(
        f"longest look {max(each[1] for each in parts):.2f} s, most memory {max(each[2] for each in parts)} MB"
    )
    print(f"processes lost: {lost}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
