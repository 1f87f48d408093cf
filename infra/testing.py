"""python -m infra.testing: every test, those that share nothing side by side, those of the local cloud one after another.

Ends with a line that counts, and with exit status 1 when a test failed or none ran.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PHASES = {
    "without the local cloud": ["-n", "auto", "-m", "not local_cloud"],
    "on the local cloud": ["-n", "0", "-m", "local_cloud"],
}
_COUNT = re.compile(r"(\d+) (passed|failed|skipped|errors?)")


def main() -> int:
    """Run the phases; the exit status."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, options in PHASES.items():
        print(f"Tests {name}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", *options, "tests"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
            last = ""
            for line in run.stdout or ():
                print(line, end="", flush=True)
                last = line if " in " in line and _COUNT.search(line) else last
        for number, what in _COUNT.findall(last):
            counts["failed" if what.startswith("error") else what] += int(number)
        if run.returncode and not counts["failed"]:
            counts["failed"] += 1
    print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
