"""A track as a value: the points of one trip, each with the seconds since the one before. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from puhui.activities.tracks import datum, polyline
from puhui.activities.tracks.errors import TrackTimeBackwards, TrackUnreadable
from puhui.activities.tracks.geometry import Place

POINTS_MAX = 5_000  # seven hours at a point each five seconds
POINTS_MIN = 2
SECONDS_MAX = 24 * 3600  # an act lasts a day at most


@dataclass(frozen=True)
class Track:
    """One trip as its phone recorded it. ``seconds`` holds the seconds since the point before (the first: 0), ``accuracy`` the
    radius in metres that the phone stated (empty: it stated none). The datum is kept: phones in China tell either."""

    datum: str
    precision: int
    points: tuple[tuple[int, int], ...]
    seconds: tuple[int, ...]
    accuracy: tuple[int, ...] = ()

    @property
    def duration(self) -> timedelta:
        """From the first point to the last."""
        return timedelta(seconds=sum(self.seconds))

    def ended_at(self, occurred_at: datetime) -> datetime:
        """When the trip ended that began then."""
        return occurred_at + self.duration

    def degrees(self) -> list[Place]:
        """The points as they were sent, in degrees."""
        scale = 10**self.precision
        return [(lat / scale, lon / scale) for lat, lon in self.points]

    def wgs84(self) -> list[Place]:
        """The points in the datum in which everything is measured."""
        found = self.degrees()
        return [datum.to_wgs84(place) for place in found] if self.datum == datum.GCJ02 else found

    def body(self) -> dict[str, Any]:
        """The contract's ``Track``."""
        body = {
            "datum": self.datum,
            "polyline": polyline.encoded(self.points),
            "precision": self.precision,
            "seconds": list(self.seconds),
        }
        return body | ({"accuracy": list(self.accuracy)} if self.accuracy else {})


def track_of(body: Mapping[str, Any]) -> Track:
    """The track of a request. Raises TrackUnreadable, TrackTimeBackwards."""
    precision = body["precision"]
    try:
        points = polyline.decoded(body["polyline"], most=POINTS_MAX)
    except ValueError:
        raise unreadable(
            "/track/polyline",
            f"不是 Google 编码折线，或超过 {POINTS_MAX} 个点。",
            f"is no encoded polyline, or has more than {POINTS_MAX} points.",
        ) from None
    scale = 10**precision
    if not all(abs(lat) <= 90 * scale and abs(lon) <= 180 * scale for lat, lon in points):
        raise unreadable(
            "/track/polyline",
            "有的点不在地球上；请核对 precision（5 或 6），每个点先纬度、后经度。",
            "has points that are not on Earth. Check the precision (5 or 6); a point is latitude, then longitude.",
        )
    if len(points) < POINTS_MIN:
        raise unreadable("/track/polyline", "至少要有两个点。", "has fewer than two points.")
    for name in ("seconds", "accuracy"):
        if name in body and len(body[name]) != len(points):
            raise unreadable(
                f"/track/{name}",
                f"有 {len(body[name])} 个数，折线有 {len(points)} 个点；每个点一个。",
                f"has {len(body[name])} numbers for {len(points)} points. It has one for each point.",
            )
    check_seconds(body["seconds"])
    return Track(body["datum"], precision, points, tuple(body["seconds"]), tuple(body.get("accuracy", ())))


def check_seconds(seconds: Sequence[int]) -> None:
    """Time runs forward: the first point counts from itself, every other one is later than the one before. Raises
    TrackTimeBackwards, TrackUnreadable."""
    if seconds[0] != 0:
        raise unreadable(
            "/track/seconds/0",
            "第一个数是 0：行程从第一个点开始，其时刻就是 occurred_at。",
            "is not 0: the trip begins at its first point, and occurred_at is its time.",
        )
    if any(each < 1 for each in seconds[1:]):
        raise TrackTimeBackwards
    if sum(seconds) > SECONDS_MAX:
        raise unreadable("/track/seconds", "一段行程最长 24 小时。", "A trip lasts at most 24 hours.")


def unreadable(pointer: str, zh: str, en: str) -> TrackUnreadable:
    """Which part of a track cannot be read, and why."""
    return TrackUnreadable(pointer=pointer, detail={"zh-CN": zh, "en": en})
