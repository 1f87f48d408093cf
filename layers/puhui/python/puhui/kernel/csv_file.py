"""CSV for spreadsheets: RFC 4180, UTF-8 with its mark, no formulas. Pure."""

from collections.abc import Iterable, Iterator

BOM = "\ufeff"  # without it spreadsheets do not recognise UTF-8
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_lines(rows: Iterable[tuple[str | int, ...]]) -> Iterator[str]:
    """The rows as RFC 4180 has it, the first with the mark of UTF-8: one text a row, with its end of line."""
    mark = BOM
    for row in rows:
        yield mark + ",".join(map(_cell, row)) + "\r\n"
        mark = ""


def _cell(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)  # a number is a number, below zero too
    if value.startswith(_FORMULA):
        value = f"'{value}"  # so that no spreadsheet runs a text as a formula
    if any(mark in value for mark in ',"\r\n') or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value
