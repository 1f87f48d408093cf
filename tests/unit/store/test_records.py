"""A dataclass and its item: one declaration, both ways, and nothing by position."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from puhui.kernel.documents import Document
from puhui.store.records import Record, UnknownShape
from puhui.store.values import decode_item, encode_item

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Leg:
    day: date
    mg: int = 0


@dataclass(frozen=True)
class Trip:
    id: str
    member_id: str
    at: datetime
    ended_at: datetime | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    legs: tuple[Leg, ...] = ()
    secret: bytes = b""
    friends: frozenset[str] = frozenset()
    seen: bool = False
    version: int = 0


TRIP = Record(Trip, owner="member:{member_id}", entry="A#{id}", names={"version": "v"}, always=("version",))
FULL = Trip(
    "t1", "m1", AT, AT, {"zh-CN": "骑行"}, (Leg(date(2026, 11, 30), 5),), b"x", frozenset({"f"}), True, 3
)


@pytest.mark.parametrize("trip", [FULL, Trip("t1", "m1", AT)])
def test_what_is_written_is_what_is_read(trip: Trip):
    read = TRIP.read(decode_item(encode_item(TRIP.item(trip))))
    assert read == trip


def test_an_item_names_everything_and_leaves_defaults_out():
    assert TRIP.item(FULL) == {
        "owner": "member:m1",
        "entry": "A#t1",
        "at": "2026-11-30T16:30:00+08:00",
        "ended_at": "2026-11-30T16:30:00+08:00",
        "title": {"zh-CN": "骑行"},
        "legs": [{"day": "2026-11-30", "mg": 5}],
        "secret": b"x",
        "friends": frozenset({"f"}),
        "seen": True,
        "v": 3,
    }
    assert set(TRIP.item(Trip("t1", "m1", AT))) == {"owner", "entry", "at", "v"}


def test_the_key_alone():
    assert TRIP.key(member_id="m1", id="t1") == {"owner": "member:m1", "entry": "A#t1"}


def test_attributes_of_indexes_are_written_and_not_read():
    record = Record(Trip, owner="member:{member_id}", entry="A#{id}", extra=lambda trip: {"due": trip.id[:1]})
    item = record.item(FULL)
    assert item["due"] == "t"
    assert record.read(item) == FULL


def test_a_missing_field_is_said_unless_the_reader_knows_it():
    with pytest.raises(KeyError, match="at"):
        TRIP.read({"owner": "member:m1", "entry": "A#t1"})
    assert TRIP.read({"owner": "member:m1", "entry": "A#t1"}, at=AT) == Trip("t1", "m1", AT)


def test_an_older_shape_is_brought_up_and_a_newer_one_refused():
    second = Record(
        Trip,
        owner="member:{member_id}",
        entry="A#{id}",
        shape=2,
        upgrades={1: lambda item: item | {"at": item["when"]}},
    )
    old = {"owner": "member:m1", "entry": "A#t1", "when": "2026-11-30T16:30:00+08:00"}
    assert second.read(old) == Trip("t1", "m1", AT)
    assert second.item(Trip("t1", "m1", AT))["shape"] == 2
    with pytest.raises(UnknownShape):
        TRIP.read(second.item(FULL))


def test_a_float_has_no_place():
    @dataclass
    class Wrong:
        mass: float

    with pytest.raises(TypeError, match="mass"):
        Record(Wrong).item(Wrong(1.5))


@dataclass(frozen=True)
class Gift:
    programme_id: str
    lot: str
    points: int = 0


@dataclass(frozen=True)
class Shard:
    stock_id: str
    number: int


def test_a_number_in_a_key_is_read_as_a_number():
    record = Record(Shard, owner="stock:{stock_id}", entry="S#{number}")
    assert record.read(record.item(Shard("cola", 7))) == Shard("cola", 7)


def test_a_part_of_a_key_holds_several_fields_programme_and_lot():
    gift = Record(Gift, hash_key="account", owner="gifts", entry="D#{programme_id}#{lot}")
    item = gift.item(Gift("carbon-88", "2026-11", 5))
    assert item == {"account": "gifts", "entry": "D#carbon-88#2026-11", "points": 5}
    assert gift.read(item) == Gift("carbon-88", "2026-11", 5)
    assert gift.key(programme_id="p", lot="l") == {"account": "gifts", "entry": "D#p#l"}


@dataclass(frozen=True)
class Total:
    member_id: str
    programme_id: str
    day: date
    legs: tuple[Leg, ...] = ()


def test_a_key_has_several_fields_of_their_types_and_parts_have_records_of_their_own():
    leg = Record(Leg, names={"day": "d"})
    record = Record(
        Total, owner="member:{member_id}", entry="S#{programme_id}#{day}", hash_key="who", inner={Leg: leg}
    )
    total = Total("m1", "carbon-88", date(2026, 11, 30), (Leg(date(2026, 11, 29)),))
    item = record.item(total)
    assert item == {"who": "member:m1", "entry": "S#carbon-88#2026-11-30", "legs": [{"d": "2026-11-29"}]}
    assert record.read(item) == total
    assert record.key(member_id="m1", programme_id="p", day=total.day)["entry"] == "S#p#2026-11-30"


@dataclass(frozen=True)
class Draft:
    id: str
    document: Document


def test_a_document_is_kept_as_text_since_a_table_has_no_type_for_all_it_may_hold():
    record = Record(Draft, owner="D#{id}", entry="draft")
    draft = Draft("d1", {"value": 0.5, "nothing": None})
    assert record.item(draft)["document"] == '{"nothing":null,"value":0.5}'
    assert record.read(record.item(draft)) == draft
