"""What trips look like, as data: ``bands.json`` holds each threshold with its source."""

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

_FILE = os.path.join(os.path.dirname(__file__), "bands.json")  # noqa: PTH118, PTH120 pathlib is not needed at run time


@dataclass(frozen=True, slots=True)
class Reading:
    """How any track is read; see ``bands.json``."""

    drop_from_accuracy_m: int
    dropped_percent_max: int
    step_m: int
    leg_seconds: int
    leg_m: int
    leg_seconds_max: int
    window_seconds: int
    gap_percent_max: int
    teleport_mm_s: int
    constant_seconds: int
    constant_legs_min: int
    constant_permille_max: int
    winding_permille_max: int
    same_accuracy_points_min: int
    told_percent_max: int
    told_m_max: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """From when on a track is like an earlier one; see ``bands.json``."""

    sketch_cells: int
    shared_percent_min: int
    timing_seconds: int
    timing_percent_min: int


@dataclass(frozen=True, slots=True)
class Band:
    """What a trip of one behaviour looks like. ``never``: (metres, mm/s); longer and faster on average is another way to travel."""

    median_mm_s: tuple[int, int]
    window_mm_s_max: int
    distance_m: tuple[int, int]
    seconds_min: int
    gap_seconds: int
    constant: bool  # whether one speed all the time gives a track away
    never: tuple[tuple[int, int], ...]


@cache
def reading() -> Reading:
    """How tracks are read."""
    return Reading(**_values("reading"))


@cache
def likeness() -> Likeness:
    """What makes two tracks alike."""
    return Likeness(**_values("similar"))


@cache
def band(behaviour: str) -> Band | None:
    """The band of a behaviour; None where no track can show it."""
    found = _table()["bands"].get(behaviour)
    if found is None:
        return None
    return Band(
        median_mm_s=tuple(found["median_mm_s"]),
        window_mm_s_max=found["window_mm_s_max"],
        distance_m=tuple(found["distance_m"]),
        seconds_min=found["seconds_min"],
        gap_seconds=found["gap_seconds"],
        constant=found["constant"],
        never=tuple((each["over_m"], each["mean_mm_s"]) for each in found["never"]),
    )


def _values(part: str) -> dict[str, int]:
    return {name: each["value"] for name, each in _table()[part].items()}


@cache
def _table() -> dict[str, Any]:
    with open(_FILE, "rb") as file:  # noqa: PTH123
        table: dict[str, Any] = json.load(file)
    return table
