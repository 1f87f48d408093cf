"""GPX 1.1 (https://www.topografix.com/GPX/1/1/): a recorded track in, a track out. Pure; entities and DTDs are refused."""

import itertools
from datetime import datetime, timedelta
from html import escape
from typing import Any, NamedTuple
from xml.parsers import expat

from puhui.activities.tracks import datum
from puhui.activities.tracks.errors import GpxUnreadable
from puhui.activities.tracks.model import POINTS_MAX, POINTS_MIN, Track
from puhui.kernel import clock

BYTES_MAX = 240_000  # with JSON's backslashes it still fits into a body of 256 KB
DEPTH_MAX = 16
_PLACES, _SCALE = 6, 1_000_000
_TIME, _POINT = "time", "trkpt"


class Recording(NamedTuple):
    """A track and when it began."""

    track: Track
    began_at: datetime


class _Reader:
    """Collects the points of all segments, in their order."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.points: list[tuple[int, int]] = []
        self.times: list[datetime] = []
        self._text = ""
        self._time: datetime | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(_local(name))
        if len(self.path) > DEPTH_MAX:
            raise unreadable("层次太深。", "is nested too deeply.")
        if self.path == ["gpx"] or len(self.path) > 1:
            self._text = ""
        else:
            raise unreadable("不是 GPX。", "is no GPX.")
        if self._at_point():
            self.points.append((_degrees(attributes, "lat", 90), _degrees(attributes, "lon", 180)))
            self._time = None
            if len(self.points) > POINTS_MAX:
                raise unreadable(f"超过 {POINTS_MAX} 个点。", f"has more than {POINTS_MAX} points.")

    def text(self, text: str) -> None:
        if self.path and self.path[-1] == _TIME:
            self._text += text

    def end(self, _: str) -> None:
        if self.path[-1] == _TIME and self.path[-2:-1] == [_POINT]:
            self._time = _moment(self._text)
        elif self._at_point():
            if self._time is None:
                raise unreadable("有的点没有时间。", "has points without a time.")
            self.times.append(self._time)
        self.path.pop()

    def _at_point(self) -> bool:
        return self.path[-3:] == ["trk", "trkseg", _POINT]


def read(text: str) -> Recording:
    """The track of a GPX: all its segments one after another; of two points in one second the first. Raises GpxUnreadable."""
    if len(text.encode(errors="replace")) > BYTES_MAX:
        raise unreadable("超过 240 KB。", "is over 240 KB.")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, ValueError):
        raise unreadable("不是有效的 XML。", "is no well-formed XML.") from None
    return _recording(reader.points, reader.times)


def _recording(points: list[tuple[int, int]], times: list[datetime]) -> Recording:
    kept: list[tuple[tuple[int, int], datetime]] = []
    for point, at in zip(points, (each.replace(microsecond=0) for each in times), strict=True):
        if kept and at == kept[-1][1]:
            continue
        if kept and at < kept[-1][1]:
            raise unreadable("时间没有一直向前。", "has times that do not run forward.")
        kept.append((point, at))
    if len(kept) < POINTS_MIN:
        raise unreadable("带时间的点不到两个。", "has fewer than two points with a time.")
    moments = [at for _, at in kept]
    seconds = [0, *(int((b - a).total_seconds()) for a, b in itertools.pairwise(moments))]
    track = Track(datum.WGS84, _PLACES, tuple(point for point, _ in kept), tuple(seconds))
    return Recording(track, moments[0])


def written(track: Track, began_at: datetime, name: str) -> str:
    """A GPX of a track that began then: in WGS-84, as GPX is."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<gpx version="1.1" creator="Puhui" xmlns="http://www.topografix.com/GPX/1/1">',
        f"<trk><name>{escape(name)}</name><trkseg>",
    ]
    at = began_at
    for (lat, lon), seconds in zip(track.wgs84(), track.seconds, strict=True):
        at += timedelta(seconds=seconds)
        lines.append(f'<trkpt lat="{lat:.6f}" lon="{lon:.6f}"><time>{clock.to_text(at)}</time></trkpt>')
    return "\n".join([*lines, "</trkseg></trk></gpx>", ""])


def _degrees(attributes: dict[str, str], name: str, most: int) -> int:
    try:
        degrees = float(attributes[name])
    except (KeyError, ValueError):
        degrees = float("nan")
    if not -most <= degrees <= most:  # also what is no number
        raise unreadable(f"有的点没有正确的 {name}。", f"has points without a proper {name}.")
    return round(degrees * _SCALE)


def _moment(text: str) -> datetime:
    try:
        return clock.from_text(text.strip())
    except ValueError:
        raise unreadable(
            "时间须带时区，例如 2026-11-21T00:30:00Z。",
            "has times without an offset; 2026-11-21T00:30:00Z is one with.",
        ) from None


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse(*_: Any) -> None:
    raise unreadable("不接受 DTD 和实体。", "has a DTD or entities, which are not read.")


def unreadable(zh: str, en: str) -> GpxUnreadable:
    """Why a GPX is not read."""
    return GpxUnreadable(pointer="/gpx", detail={"zh-CN": zh, "en": en})
