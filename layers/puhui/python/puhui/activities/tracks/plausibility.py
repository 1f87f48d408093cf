"""Whether a track is one of such a trip: each failed rule is an error of its own; what is only odd is a signal for a person. Pure."""

from collections.abc import Mapping
from typing import Any

from puhui.activities.tracks.bands import Band, Reading
from puhui.activities.tracks.errors import (
    TrackDistanceDiffers,
    TrackGaps,
    TrackInaccurate,
    TrackQuantity,
    TrackSpeed,
    TrackSpeedConstant,
    TrackTeleport,
    TrackTooFar,
    TrackTooShort,
)
from puhui.activities.tracks.features import UNKNOWN, Features

WINDING, SAME_ACCURACY, SIMILAR = "TRACK_WINDING", "TRACK_ACCURACY_CONSTANT", "TRACK_SIMILAR"
DISTANCE = "distance_m"
_ONE = ("trips", "times")  # quantities of which a track shows one


def require_plausible(found: Features, band: Band, reading: Reading) -> None:
    """Raise the first of TrackInaccurate, TrackTeleport, TrackTooShort, TrackTooFar, TrackGaps, TrackSpeed,
    TrackSpeedConstant that holds."""
    least, most = band.distance_m
    if found.dropped_percent > reading.dropped_percent_max:
        raise TrackInaccurate(percent=found.dropped_percent)
    if found.hop_mm_s > reading.teleport_mm_s:
        raise TrackTeleport
    if found.distance_m < least or found.seconds < band.seconds_min:
        raise TrackTooShort(least=least, seconds=band.seconds_min)
    if found.distance_m > most:
        raise TrackTooFar(most=most)
    if found.gap_percent > reading.gap_percent_max:
        raise TrackGaps(percent=found.gap_percent, seconds=band.gap_seconds)
    if not _speeds_fit(found, band):
        raise TrackSpeed
    if band.constant and UNKNOWN < found.steadiness_permille < reading.constant_permille_max:
        raise TrackSpeedConstant


def _speeds_fit(found: Features, band: Band) -> bool:
    slowest, fastest = band.median_mm_s
    mean = 1000 * found.distance_m // max(1, found.seconds)
    another = any(found.distance_m > over and mean > faster for over, faster in band.never)
    return (
        slowest <= found.median_mm_s <= fastest and found.window_mm_s <= band.window_mm_s_max and not another
    )


def signals(found: Features, reading: Reading) -> tuple[str, ...]:
    """What asks a person to look at a plausible track."""
    odd = {
        WINDING: found.winding_permille > reading.winding_permille_max,
        SAME_ACCURACY: found.same_accuracy,
    }
    return tuple(name for name, holds in odd.items() if holds)


def quantity_by(
    told: Mapping[str, Any], measured: Features, reading: Reading, asks: tuple[str, ...]
) -> dict[str, Any]:
    """The quantity that a track shows of what the behaviour ``asks`` for: its own distance, one trip; the rest as it was told.
    Raises TrackDistanceDiffers, TrackQuantity."""
    found = dict(told)
    metres = measured.distance_m
    if DISTANCE in told and type(told[DISTANCE]) is int:
        apart = abs(told[DISTANCE] - metres)
        if apart > max(reading.told_m_max, reading.told_percent_max * metres // 100):
            raise TrackDistanceDiffers(told=told[DISTANCE], measured=metres)
    if DISTANCE in asks:
        found[DISTANCE] = metres
    for name in _ONE:
        if name in asks and found.setdefault(name, 1) != 1:
            raise TrackQuantity(quantity=name)
    return found
