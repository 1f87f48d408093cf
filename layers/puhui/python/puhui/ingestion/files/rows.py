"""One row of a partner's file: JSON, or CSV under a header, as the item that a batch would hold.

A CSV begins with ``puhui-records,1`` (what it is, and the version of its header) and a line of columns; ``quantity.<name>`` is one value of
the quantity. A row is a line, so that no cell holds a new line. An empty cell is a value that is not there.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from puhui.kernel import clock, documents

CSV_NAME, CSV_VERSION = "puhui-records", "1"
ROW_EMPTY, ROW_TOO_LONG, ROW_NOT_UTF8, ROW_BOM = "ROW_EMPTY", "ROW_TOO_LONG", "ROW_NOT_UTF8", "ROW_BOM"
ROW_UNREADABLE, ROW_COLUMNS, ROW_INVALID = "ROW_UNREADABLE", "ROW_COLUMNS", "ROW_INVALID"
REQUIRED = ("item_no", "member_ref", "programme_id", "behaviour", "quantity", "occurred_at")
OPTIONAL = ("ended_at",)
ITEM_NO_MAX, TEXT_MAX, COLUMNS_MAX, QUANTITY_MAX, INTEGER_MAX = 64, 128, 40, 16, 10**12
_QUANTITY = "quantity."
_BOM = "\ufeff"
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,12})", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class RowUnusable(Exception):
    """``code`` says what is wrong with the row; ``item_no`` is its own number, where it could be read."""

    def __init__(self, code: str, item_no: str = "") -> None:
        super().__init__(code)
        self.code, self.item_no = code, item_no


def header_columns(name_line: bytes, column_line: bytes) -> tuple[str, ...]:
    """The columns that the two lines of a header name; none when it is no header that we know."""
    try:
        name, columns = _cells(name_line.decode()), _cells(column_line.decode())
    except (UnicodeDecodeError, csv.Error):
        return ()
    if name[:2] != [CSV_NAME, CSV_VERSION] or any(name[2:]):
        return ()
    known = [each for each in columns if each in (*REQUIRED, *OPTIONAL) or _is_quantity(each)]
    needed = {*REQUIRED} - {"quantity"}
    is_whole = needed <= set(columns) and any(map(_is_quantity, columns)) and "quantity" not in columns
    if known != columns or len(set(columns)) != len(columns) or len(columns) > COLUMNS_MAX or not is_whole:
        return ()
    return tuple(columns)


def read(text: bytes | None, columns: Sequence[str], *, first: bool) -> dict[str, Any]:
    """The item of a line; ``columns``: of a CSV (empty: the line is JSON); ``first``: it is the file's first row, before
    which a byte order mark may be. Raises RowUnusable."""
    if text is None:
        raise RowUnusable(ROW_TOO_LONG)
    try:
        line = text.decode()
    except UnicodeDecodeError:
        raise RowUnusable(ROW_NOT_UTF8) from None
    if first and not columns:
        line = line.removeprefix(_BOM)
    if line.startswith(_BOM):
        raise RowUnusable(ROW_BOM)
    if not line.strip():
        raise RowUnusable(ROW_EMPTY)
    item = _from_csv(line, columns) if columns else _from_json(line)
    require_sound(item)
    return item


def require_sound(item: Mapping[str, Any]) -> None:
    """Raise RowUnusable unless the item is what a batch's could be."""
    own = item.get("item_no")
    item_no = own if isinstance(own, str) and own.isprintable() and len(own) <= ITEM_NO_MAX else ""
    if not set(REQUIRED) <= set(item) or not set(item) <= {*REQUIRED, *OPTIONAL}:
        raise RowUnusable(ROW_COLUMNS, item_no)
    texts = [item[name] for name in (*REQUIRED, *OPTIONAL) if name in item and name != "quantity"]
    if not item_no or not all(isinstance(each, str) and _is_text(each) for each in texts):
        raise RowUnusable(ROW_INVALID, item_no)
    if not all(_is_time(item[name]) for name in ("occurred_at", "ended_at") if name in item):
        raise RowUnusable(ROW_INVALID, item_no)
    quantity = item["quantity"]
    if not isinstance(quantity, dict) or not 0 < len(quantity) <= QUANTITY_MAX:
        raise RowUnusable(ROW_INVALID, item_no)
    if not all(_NAME.fullmatch(name) and _is_value(value) for name, value in quantity.items()):
        raise RowUnusable(ROW_INVALID, item_no)


def _is_text(text: str) -> bool:
    return 0 < len(text) <= TEXT_MAX and text.isprintable()


def _is_time(text: str) -> bool:
    try:
        return clock.from_text(text).tzinfo is not None
    except ValueError:
        return False


def _is_value(value: Any) -> bool:
    if isinstance(value, str):
        return _is_text(value)
    return type(value) is int and abs(value) <= INTEGER_MAX


def _from_json(line: str) -> dict[str, Any]:
    try:
        item = json.loads(line, object_pairs_hook=documents.once)
    except (ValueError, RecursionError):
        raise RowUnusable(ROW_UNREADABLE) from None
    if not isinstance(item, dict):
        raise RowUnusable(ROW_UNREADABLE)
    return item


def _from_csv(line: str, columns: Sequence[str]) -> dict[str, Any]:
    try:
        cells = _cells(line)
    except csv.Error:
        raise RowUnusable(ROW_UNREADABLE) from None
    named = dict(zip(columns, cells, strict=False))
    if len(cells) != len(columns):
        raise RowUnusable(ROW_COLUMNS)
    item: dict[str, Any] = {
        name: cell for name, cell in named.items() if cell and not name.startswith(_QUANTITY)
    }
    return item | {"quantity": dict(_quantity(named))}


def _quantity(named: Mapping[str, str]) -> Iterator[tuple[str, int | str]]:
    for name, cell in named.items():
        if name.startswith(_QUANTITY) and cell:
            yield name.removeprefix(_QUANTITY), int(cell) if _INTEGER.fullmatch(cell) else cell


def _cells(line: str) -> list[str]:
    if "\r" in line or "\0" in line:
        raise csv.Error
    (cells,) = csv.reader([line], strict=True) if line else ([],)
    return [cell.strip() for cell in cells]


def _is_quantity(column: str) -> bool:
    name = column.removeprefix(_QUANTITY)
    return name != column and bool(_NAME.fullmatch(name))
