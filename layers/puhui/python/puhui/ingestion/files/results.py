"""The result file: one line a row, in the file's order and in its format."""

import csv
import io
import json
from collections.abc import Iterable
from typing import NamedTuple

from puhui.ingestion.files.model import CSV

COLUMNS = ("row", "item_no", "status", "code", "activity_id")
# A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")


class Outcome(NamedTuple):
    """How one row ended. ``row``: its number in the file, from 1; ``item_no``: the partner's own ("": it could not be read)."""

    row: int
    item_no: str
    status: str
    code: str = ""
    activity_id: str = ""


def header(file_format: str) -> bytes:
    """What the result begins with."""
    return ",".join(COLUMNS).encode() + b"\r\n" if file_format == CSV else b""


def written(outcomes: Iterable[Outcome], file_format: str) -> bytes:
    """The lines of some rows."""
    if file_format == CSV:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerows([_safe(str(value)) for value in each] for each in outcomes)
        return text.getvalue().encode()
    return b"".join(_json(each) for each in outcomes)


def _json(outcome: Outcome) -> bytes:
    said = {name: value for name, value in outcome._asdict().items() if value != ""}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _safe(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would run: only a partner's own number can be such."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
