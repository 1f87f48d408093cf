"""Plausible tracks, made by chance with a seed: a way through a street grid, a speed that varies, a receiver's noise."""

import math
import random
from dataclasses import dataclass, replace
from typing import Any

from puhui.activities.tracks import datum, polyline
from puhui.activities.tracks.geometry import EARTH_RADIUS_M, Place

BEIJING = (39.91, 116.38)
WALK, BIKE, BUS, CAR = 1.3, 4.2, 6.0, 11.0  # metres a second


@dataclass(frozen=True)
class Trip:
    """How a track is made. ``seed`` decides the way and ``ride`` what differs when somebody goes it again: pace, red lights, noise.
    ``noise_m``: a receiver's error wanders with this spread; ``turns``: how likely a corner has one."""

    seed: int = 1
    ride: int = 1
    speed: float = BIKE
    metres: float = 2_000
    every: int = 5
    noise_m: float = 2.0
    turns: float = 0.25
    stops: bool = True
    start: Place = BEIJING
    precision: int = 5
    datum: str = datum.WGS84
    vary: float = 0.18


def made(trip: Trip) -> dict[str, Any]:
    """The track of a trip, as it is sent."""
    metres = way(trip, random.Random(trip.seed), random.Random(f"{trip.seed} {trip.ride}"))
    places = [_moved(trip.start, north, east) for north, east in metres]
    seconds = [0] + [trip.every] * (len(places) - 1)
    return sent(places, seconds, trip.precision, trip.datum)


def way(trip: Trip, corners: random.Random, chance: random.Random) -> list[tuple[float, float]]:
    """The points in metres north and east of the start: blocks of 150 m, two main directions, speeds that drift, red lights."""
    heading, block, waits = 0, 150.0, 0
    north = east = gone = 0.0
    drift = wander_north = wander_east = 0.0
    points = [(0.0, 0.0)]
    while gone < trip.metres:
        drift = 0.8 * drift + chance.gauss(0, trip.vary * 0.6)
        step = max(0.15, 1 + drift) * trip.speed * trip.every
        if waits:
            waits, step = waits - 1, 0.0
        step = min(step, trip.metres - gone + 0.01)
        gone, block = gone + step, block - step
        north, east = north + step * (heading == 0), east + step * (heading == 1)
        if block <= 0:
            block += 150.0
            if corners.random() < trip.turns:
                heading = 1 - heading
            if trip.stops and chance.random() < 0.2:
                waits = chance.randint(2, 5)
        wander_north = 0.9 * wander_north + chance.gauss(0, trip.noise_m * 0.44)
        wander_east = 0.9 * wander_east + chance.gauss(0, trip.noise_m * 0.44)
        points.append((north + wander_north, east + wander_east))
    return points


def sent(
    places: list[Place], seconds: list[int], precision: int = 5, kind: str = datum.WGS84
) -> dict[str, Any]:
    """A track of these places, as it is sent."""
    scale = 10**precision
    shown = [datum.to_gcj02(place) for place in places] if kind == datum.GCJ02 else places
    points = [(round(lat * scale), round(lon * scale)) for lat, lon in shown]
    return {
        "datum": kind,
        "polyline": polyline.encoded(points),
        "precision": precision,
        "seconds": seconds,
    }


def steady(metres: float = 2_000, speed: float = BIKE, every: int = 5) -> dict[str, Any]:
    """What a simulator sends: a straight line at one speed, without noise."""
    count = int(metres / (speed * every)) + 1
    places = [
        _moved(BEIJING, number * speed * every * 0.8, number * speed * every * 0.6) for number in range(count)
    ]
    return sent(places, [0] + [every] * (count - 1))


def seconds_of(track: dict[str, Any]) -> int:
    """How long a track takes."""
    return sum(track["seconds"])


def varied(trip: Trip, **more: Any) -> dict[str, Any]:
    """The track of a trip that differs in something."""
    return made(replace(trip, **more))


def _moved(start: Place, north: float, east: float) -> Place:
    lat, lon = start
    return (
        lat + math.degrees(north / EARTH_RADIUS_M),
        lon + math.degrees(east / EARTH_RADIUS_M / math.cos(math.radians(lat))),
    )
