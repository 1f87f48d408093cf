"""Tracks in and out: the encoded polyline, the two datums, GPX."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from puhui.activities.tracks import datum, gpx, polyline
from puhui.activities.tracks.errors import GpxUnreadable, TrackTimeBackwards, TrackUnreadable
from puhui.activities.tracks.geometry import millimetres
from puhui.activities.tracks.model import track_of
from tests.support.made_tracks import Trip, made

GOOGLES = "_p~iF~ps|U_ulLnnqC_mqNvxq`@"  # the example in Google's documentation
BEGAN = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
COORDINATES = some.lists(
    some.tuples(some.integers(-90 * 10**6, 90 * 10**6), some.integers(-180 * 10**6, 180 * 10**6)), max_size=50
)


def test_googles_example_is_read_and_written():
    points = ((3_850_000, -12_020_000), (4_070_000, -12_095_000), (4_325_200, -12_645_300))
    assert polyline.decoded(GOOGLES, most=3) == points
    assert polyline.encoded(points) == GOOGLES


@given(COORDINATES)
def test_what_is_written_is_read(points: list[tuple[int, int]]):
    assert polyline.decoded(polyline.encoded(points), most=50) == tuple(points)


@given(some.text(max_size=60))
def test_any_text_is_read_or_refused(text: str):
    try:
        found = polyline.decoded(text, most=60)
    except ValueError:
        return
    assert all(isinstance(number, int) for point in found for number in point)


@pytest.mark.parametrize("text", ["_p~iF", "_p~iF~ps|U_", "_p~iF ~ps|U", "~" * 9 + "A?", "汉字"])
def test_what_is_no_polyline_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        polyline.decoded(text, most=10)


def test_more_points_than_allowed_are_refused():
    with pytest.raises(ValueError, match="too many"):
        polyline.decoded(GOOGLES, most=2)


# From the tests of googollee/eviltransform: WGS-84, GCJ-02.
KNOWN = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]


@pytest.mark.parametrize(("wgs84", "gcj02"), KNOWN)
def test_known_places_in_both_datums(wgs84: tuple[float, float], gcj02: tuple[float, float]):
    assert millimetres(datum.to_gcj02(wgs84), gcj02) < 100
    assert millimetres(datum.to_wgs84(gcj02), wgs84) < 100
    assert 100_000 < millimetres(wgs84, gcj02) < 800_000


@given(some.floats(18.5, 53.5), some.floats(74.0, 134.5))
def test_there_and_back_is_the_same_place(lat: float, lon: float):
    assert millimetres(datum.to_wgs84(datum.to_gcj02((lat, lon))), (lat, lon)) < 10


def test_outside_china_both_datums_are_one():
    paris = (48.8566, 2.3522)
    assert datum.to_gcj02(paris) == paris == datum.to_wgs84(paris)


def test_haversine_agrees_with_known_distances():
    """A degree of latitude of the mean sphere; Beijing to Shanghai, about 1,068 km."""
    assert millimetres((0, 0), (1, 0)) == 111_195_080
    assert 1_065_000_000 < millimetres((39.9042, 116.4074), (31.2304, 121.4737)) < 1_070_000_000
    assert millimetres((39.9, 116.4), (39.9, 116.4)) == 0


BODY = {"datum": "wgs84", "polyline": GOOGLES, "precision": 5, "seconds": [0, 5, 5]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"polyline": "_p~iF"}, "/track/polyline"),
        ({"polyline": "_p~iF~ps|U", "seconds": [0]}, "/track/polyline"),
        ({"polyline": polyline.encoded([(9_100_000, 0), (0, 0), (0, 1)])}, "/track/polyline"),
        ({"seconds": [0, 5]}, "/track/seconds"),
        ({"accuracy": [5]}, "/track/accuracy"),
        ({"seconds": [3, 5, 5]}, "/track/seconds/0"),
        ({"seconds": [0, 80_000, 80_000]}, "/track/seconds"),
    ],
)
def test_what_cannot_be_read_is_named(change: dict[str, Any], pointer: str):
    with pytest.raises(TrackUnreadable) as refused:
        track_of(BODY | change)
    assert refused.value.details["pointer"] == pointer


def test_time_runs_forward():
    with pytest.raises(TrackTimeBackwards):
        track_of(BODY | {"seconds": [0, 5, 0]})


def test_a_track_says_when_it_ended_and_is_sent_as_it_came():
    track = track_of(BODY)
    assert track.ended_at(BEGAN) == BEGAN.replace(second=10)
    assert track.body() == BODY


def _gpx(points: str, head: str = "", root: str = "gpx") -> str:
    return (
        f'<?xml version="1.0"?>{head}<{root} version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<metadata><time>2026-11-21T00:00:00Z</time></metadata>"
        f"<trk><name>骑行</name><trkseg>{points}</trkseg></trk></{root}>"
    )


def _point(second: float, lat: str = "39.9", lon: str = "116.4") -> str:
    return f'<trkpt lat="{lat}" lon="{lon}"><ele>44</ele><time>2026-11-21T00:30:{second:02}Z</time></trkpt>'


def test_a_gpx_is_read():
    text = _gpx(_point(0) + _point(5, lat="39.900450") + "</trkseg><trkseg>" + _point(9, lon="116.400001"))
    track, began = gpx.read(text)
    assert (began, track.datum, track.precision) == (BEGAN, "wgs84", 6)
    assert track.points == ((39_900_000, 116_400_000), (39_900_450, 116_400_000), (39_900_000, 116_400_001))
    assert track.seconds == (0, 5, 4)


@pytest.mark.parametrize("kind", ["wgs84", "gcj02"])
def test_a_gpx_that_was_written_is_read_again(kind: str):
    track = track_of(made(Trip(datum=kind, metres=800)))
    again, began = gpx.read(gpx.written(track, BEGAN, "<骑行 & 回家>"))
    assert (began, again.seconds, again.datum) == (BEGAN, track.seconds, "wgs84")
    apart = [millimetres(*pair) for pair in zip(track.wgs84(), again.wgs84(), strict=True)]
    assert max(apart) < 200


DTD = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE gpx SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        _gpx(_point(0)),
        _gpx(_point(5) + _point(3)),
        _gpx(_point(0) + '<trkpt lat="39.9" lon="116.4"/>'),
        _gpx(_point(0) + _point(5, lat="nan")),
        _gpx(_point(0) + _point(5, lat="91")),
        _gpx(_point(0) + _point(5, lon="east")),
        _gpx(_point(0) + _point(5).replace("Z<", "<")),
        _gpx(_point(0) + _point(5), DTD),
        _gpx(_point(0) + _point(5), EXTERNAL),
        _gpx("&a;" + _point(0) + _point(5)),
        _gpx("<a>" * 40 + "</a>" * 40),
        _gpx("".join(_point(0) for _ in range(5_001))),
        _gpx(" " * 300_000),
        _gpx(_point(0) + _point(5), root="kml"),
        "\x00" + _gpx(_point(0) + _point(5)),
        "\ud800" + _gpx(_point(0) + _point(5)),
    ],
)
def test_what_is_no_track_of_a_gpx_is_refused(text: str):
    with pytest.raises(GpxUnreadable) as refused:
        gpx.read(text)
    assert refused.value.details["pointer"] == "/gpx"


def test_of_two_points_in_one_second_the_first_counts():
    assert gpx.read(_gpx(_point(0) + _point(0, lat="39.95") + _point(5))).track.seconds == (0, 5)
