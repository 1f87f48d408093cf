"""python -m tests.benchmarks: every bench_*.py, as a table and, last, as one line of JSON."""

import importlib
import json
from pathlib import Path

from infra.build import validators


def main() -> None:
    """Run them all."""
    validators.ensure()  # a fresh clone has none yet, and functions import them
    results = {}
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        name = file.stem.removeprefix("bench_")
        print(f"{name} ...", flush=True)
        results[name] = importlib.import_module(f"tests.benchmarks.{file.stem}").run()
        for what, figure in results[name].items():
            print(f"  {what:<58} {figure}", flush=True)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
