"""What a track measures: its length, its speeds, its gaps, how straight and how steady it is. Whole numbers; pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import NamedTuple

from puhui.activities.tracks.bands import Reading
from puhui.activities.tracks.geometry import Place, millimetres
from puhui.activities.tracks.model import Track

UNKNOWN = -1


class Fix(NamedTuple):
    """A point that counts: where, and how many seconds after the first of the track."""

    place: Place
    at: int


class Leg(NamedTuple):
    """A stretch that is long enough to have a speed."""

    mm: int
    seconds: int

    @property
    def mm_s(self) -> int:
        return self.mm // self.seconds


@dataclass(frozen=True)
class Features:
    """What is kept of a track when its points are gone: numbers that say nothing of where it was."""

    points: int
    seconds: int
    distance_m: int
    median_mm_s: int
    p95_mm_s: int
    window_mm_s: int  # the fastest minute
    hop_mm_s: int  # the fastest two points
    gap_percent: int  # of the time, in gaps
    dropped_percent: int  # of the points, too inaccurate
    steadiness_permille: (
        int  # standard deviation by mean of the speeds where they varied least; UNKNOWN on a short trip
    )
    winding_permille: int  # the way by how far it reached
    same_accuracy: bool  # every point stated one accuracy


def fixes(track: Track, reading: Reading) -> list[Fix]:
    """The points that are accurate enough."""
    found, at = [], 0
    for number, (place, seconds) in enumerate(zip(track.wgs84(), track.seconds, strict=True)):
        at += seconds
        if not track.accuracy or track.accuracy[number] < reading.drop_from_accuracy_m:
            found.append(Fix(place, at))
    return found


def measure(track: Track, kept: Sequence[Fix], reading: Reading, gap_seconds: int) -> Features:
    """The features of a track, whose accurate points are ``kept``."""
    hops = [
        Leg(millimetres(one.place, other.place), other.at - one.at) for one, other in itertools.pairwise(kept)
    ]
    legs = _legs(kept, reading)
    way, reach = _way(kept, 1000 * reading.step_m)
    seconds = kept[-1].at - kept[0].at if kept else 0
    gaps = sum(hop.seconds for hop in hops if hop.seconds > gap_seconds)
    return Features(
        points=len(track.points),
        seconds=seconds,
        distance_m=way // 1000,
        median_mm_s=_quantile(legs, 50),
        p95_mm_s=_quantile(legs, 95),
        window_mm_s=_fastest_window(kept, hops, reading.window_seconds),
        hop_mm_s=max((hop.mm_s for hop in hops), default=0),
        gap_percent=100 * gaps // seconds if seconds else 0,
        dropped_percent=100 * (len(track.points) - len(kept)) // len(track.points),
        steadiness_permille=_steadiness(legs, reading),
        winding_permille=1000 * way // reach if reach else UNKNOWN,
        same_accuracy=len(track.accuracy) >= reading.same_accuracy_points_min
        and len(set(track.accuracy)) == 1,
    )


def _way(kept: Sequence[Fix], step_mm: int) -> tuple[int, int]:
    """How long the way is, by points that are a step or more from the one before and the last point; and how far it reached
    from where it began."""
    way = reach = 0
    here = kept[0].place if kept else (0.0, 0.0)
    for number, fix in enumerate(kept[1:], 2):
        mm = millimetres(here, fix.place)
        if mm >= step_mm or (number == len(kept) and way):
            way, here = way + mm, fix.place
            reach = max(reach, millimetres(kept[0].place, here))
    return way, reach


def _legs(kept: Sequence[Fix], reading: Reading) -> list[Leg]:
    legs: list[Leg] = []
    begun = kept[0] if kept else None
    for fix in kept[1:]:
        assert begun is not None  # noqa: S101 there is a first one
        mm, seconds = millimetres(begun.place, fix.place), fix.at - begun.at
        long_enough = mm >= 1000 * reading.leg_m or seconds >= reading.leg_seconds_max
        if seconds >= reading.leg_seconds and long_enough:
            legs.append(Leg(mm, seconds))
            begun = fix
    return legs


def _quantile(legs: Sequence[Leg], percent: int) -> int:
    """The speed that was not exceeded for so much of the time."""
    wanted = percent * sum(leg.seconds for leg in legs)
    passed = 0
    for leg in sorted(legs, key=lambda each: each.mm_s):
        passed += 100 * leg.seconds
        if passed >= wanted:
            return leg.mm_s
    return 0


def _fastest_window(kept: Sequence[Fix], hops: Sequence[Leg], window: int) -> int:
    """The fastest stretch of at least so many seconds that ends and begins at points; of a shorter track its own speed."""
    if not hops:
        return 0
    passed = [0]
    for hop in hops:
        passed.append(passed[-1] + hop.mm)
    fastest, first = 0, 0
    for last in range(1, len(kept)):
        while first + 1 < last and kept[last].at - kept[first + 1].at >= window:
            first += 1
        seconds = kept[last].at - kept[first].at
        if seconds >= window or last == len(kept) - 1:
            fastest = max(fastest, (passed[last] - passed[first]) // seconds)
    return fastest


def _steadiness(legs: Sequence[Leg], reading: Reading) -> int:
    """The least ratio of standard deviation and mean, in thousandths, over windows of the moving part of a trip, or over all of
    a shorter one."""
    moving = [leg for leg in legs if leg.mm >= 1000 * reading.leg_m]
    least, first, seconds = UNKNOWN, 0, 0
    for last, leg in enumerate(moving, 1):
        seconds += leg.seconds
        while seconds - moving[first].seconds >= reading.constant_seconds:
            seconds -= moving[first].seconds
            first += 1
        enough = seconds >= reading.constant_seconds or (first == 0 and last == len(moving))
        if enough and last - first >= reading.constant_legs_min:
            found = _variation(moving[first:last])
            least = found if least == UNKNOWN else min(least, found)
    return least


def _variation(legs: Sequence[Leg]) -> int:
    speeds = [leg.mm_s for leg in legs]
    mean = sum(speeds) // len(speeds)
    spread = isqrt(sum((speed - mean) ** 2 for speed in speeds) // len(speeds))
    return 1000 * spread // max(1, mean)
