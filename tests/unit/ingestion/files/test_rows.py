"""A row of a partner's file: read, or refused by a code of its own."""

import json
from typing import Any

import pytest

from puhui.ingestion.files import rows
from puhui.ingestion.files.rows import RowUnusable, header_columns, read

ITEM: dict[str, Any] = {
    "item_no": "r-1",
    "member_ref": "alias-1",
    "programme_id": "carbon-88",
    "behaviour": "subway_trip",
    "quantity": {"trips": 1},
    "occurred_at": "2026-11-30T08:00:00+08:00",
}
NAME = b"puhui-records,1"
COLUMNS = b"item_no,member_ref,programme_id,behaviour,occurred_at,ended_at,quantity.trips,quantity.kind"


def line(**changed: Any) -> bytes:
    return json.dumps({name: value for name, value in (ITEM | changed).items() if value is not None}).encode()


def code_of(text: bytes | None, columns: tuple[str, ...] = (), *, first: bool = False) -> str:
    with pytest.raises(RowUnusable) as unusable:
        read(text, columns, first=first)
    return unusable.value.code


def test_a_row_of_json_is_an_item_of_a_batch():
    assert read(line(), (), first=False) == ITEM


def test_a_row_of_csv_is_the_same_item():
    columns = header_columns(NAME, COLUMNS)
    text = b"r-1,alias-1,carbon-88,subway_trip,2026-11-30T08:00:00+08:00,,1,"
    assert read(text, columns, first=True) == ITEM
    quoted = b'"r-1","alias-1",carbon-88,subway_trip,2026-11-30T08:00:00+08:00,,1,"a, b"'
    assert read(quoted, columns, first=False)["quantity"] == {"trips": 1, "kind": "a, b"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, rows.ROW_TOO_LONG),
        (b"", rows.ROW_EMPTY),
        (b"  ", rows.ROW_EMPTY),
        (b"\xff\xfe{}", rows.ROW_NOT_UTF8),
        (b"\xef\xbb\xbf" + line(), rows.ROW_BOM),
        (b"{", rows.ROW_UNREADABLE),
        (b"[" * 5000, rows.ROW_UNREADABLE),
        (b"[1]", rows.ROW_UNREADABLE),
        (b'{"item_no": "1", "item_no": "2"}', rows.ROW_UNREADABLE),
        (line(more=1), rows.ROW_COLUMNS),
        (line(quantity=None), rows.ROW_COLUMNS),
        (line(item_no=7), rows.ROW_INVALID),
        (line(item_no=""), rows.ROW_INVALID),
        (line(item_no="x" * 65), rows.ROW_INVALID),
        (line(occurred_at="yesterday"), rows.ROW_INVALID),
        (line(occurred_at="2026-11-30T08:00:00"), rows.ROW_INVALID),
        (line(ended_at="2026-11-31T08:00:00+08:00"), rows.ROW_INVALID),
        (line(member_ref="a\u202eb"), rows.ROW_INVALID),
        (line(quantity={}), rows.ROW_INVALID),
        (line(quantity={"trips": 1.5}), rows.ROW_INVALID),
        (line(quantity={"trips": True}), rows.ROW_INVALID),
        (line(quantity={"trips": 10**13}), rows.ROW_INVALID),
        (line(quantity={"Trips": 1}), rows.ROW_INVALID),
        (line(quantity={"trips": {"n": 1}}), rows.ROW_INVALID),
        (line(quantity={f"n{n}": 1 for n in range(17)}), rows.ROW_INVALID),
        (b'{"item_no": NaN}', rows.ROW_COLUMNS),
    ],
)
def test_what_cannot_be_read_has_a_code(text: bytes | None, code: str):
    assert code_of(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"r-1,alias", rows.ROW_COLUMNS),
        (b"a,b,c,d,e,f,g,h,i", rows.ROW_COLUMNS),
        (b'"r-1,alias', rows.ROW_UNREADABLE),
        (b'"r-1"x,a,b,c,d,e,1,', rows.ROW_UNREADABLE),
        (b"r-1\0,a,b,c,d,e,1,", rows.ROW_UNREADABLE),
        (b"r-1\rr-2,a,b,c,d,e,1,", rows.ROW_UNREADABLE),
        (b",a,b,c,d,e,1,", rows.ROW_COLUMNS),
        (b"r-1,a,b,c,2026-11-30T08:00:00+08:00,,,", rows.ROW_INVALID),
        (b"\xef\xbb\xbfr-1,a,b,c,2026-11-30T08:00:00+08:00,,1,", rows.ROW_BOM),
    ],
)
def test_what_is_no_row_under_the_header_has_a_code(text: bytes, code: str):
    assert code_of(text, header_columns(NAME, COLUMNS), first=True) == code


def test_a_refused_row_keeps_its_own_number_where_it_could_be_read():
    with pytest.raises(RowUnusable) as unusable:
        read(line(quantity={"trips": 1.5}), (), first=False)
    assert unusable.value.item_no == "r-1"


def test_a_byte_order_mark_before_the_first_row_is_none_of_its_text():
    assert read(b"\xef\xbb\xbf" + line(), (), first=True) == ITEM


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        (b"puhui-records,2", COLUMNS),
        (b"item_no,member_ref", COLUMNS),
        (NAME + b",more", COLUMNS),
        (NAME, COLUMNS + b",price"),
        (NAME, COLUMNS + b",item_no"),
        (NAME, COLUMNS.replace(b"member_ref,", b"")),
        (NAME, b"item_no,member_ref,programme_id,behaviour,occurred_at"),
        (NAME, COLUMNS + b",quantity.Trips"),
        (NAME, COLUMNS + b"," + b",".join(b"quantity.n%d" % n for n in range(40))),
        (NAME, b'"item_no'),
        (NAME, b"\xff"),
        (b"", b""),
    ],
)
def test_a_header_that_is_not_known_is_none(name: bytes, columns: bytes):
    assert header_columns(name, columns) == ()


def test_a_header_may_be_padded_as_spreadsheets_do():
    assert header_columns(NAME + b",,,", COLUMNS) == tuple(COLUMNS.decode().split(","))
