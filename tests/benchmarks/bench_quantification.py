"""Quantifications per second on one core after compilation, and a million acts recomputed in constant memory."""

import time
import tracemalloc
from collections.abc import Iterator
from datetime import date
from typing import Any

from puhui.methodologies import api
from puhui.methodologies.quantification import of_record
from puhui.programmes import api as programmes

ROUNDS = 20_000
ACTS = 1_000_000
DAY = date(2026, 11, 20)


def run() -> dict[str, Any]:
    """Figures by name."""
    figures: dict[str, Any] = {}
    for programme_id, behaviour_id, quantity in (
        ("carbon-88", "cycling", {"distance_m": 4200}),
        ("carbon-88", "walking", {"steps": 8000}),
    ):
        programme = programmes.programme(programme_id)
        behaviour = programmes.behaviour(programme, behaviour_id)
        started = time.process_time()
        for _ in range(ROUNDS):
            act = api.quantify(programme, behaviour, quantity, DAY)
        took = time.process_time() - started
        figures[f"{behaviour_id}: checked and quantified /s of CPU (aim 20,000)"] = round(ROUNDS / took)
        values = [act.inputs[name] for name, _ in act.formula.reduction.inputs]
        milligrams = act.formula.reduction.milligrams
        started = time.process_time()
        for _ in range(ROUNDS):
            milligrams(values)
        took = time.process_time() - started
        figures[f"{behaviour_id}: the formula alone /s of CPU"] = round(ROUNDS / took)
    return {**figures, **_recomputed()}


def _recomputed() -> dict[str, Any]:
    """Every record of a million acts leads back to its number, one at a time."""
    tracemalloc.start()
    started = time.process_time()
    total = count = 0
    for record in _records():
        total += of_record(record).reduction_mg
        count += 1
    took = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "acts recomputed from their records": count,
        "their sum, kg of CO2e": total // 10**6,
        "recomputed /s of CPU (with tracemalloc on)": round(count / took),
        "peak memory, KB": peak // 1024,
    }


def _records() -> Iterator[dict[str, Any]]:
    programme = programmes.programme("carbon-88")
    behaviour = programmes.behaviour(programme, "cycling")
    first = api.quantify(programme, behaviour, {"distance_m": 1}, DAY).record()
    for number in range(ACTS):
        metres = 1 + number % 30_000
        yield {**first, "inputs": {"distance_m": metres}, "reduction_mg": metres * 250}
