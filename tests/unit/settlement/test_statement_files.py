"""What merchants take away: CSV that spreadsheets read and do not run, and a page that shows and does nothing else."""

import csv
import io
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel.csv_file import csv_lines
from puhui.settlement.statements.printing import page, yuan

STATEMENT: dict[str, Any] = {
    "settlement_id": "01KAGZ3V9Q8M4T2X7C5R6N1P0D",
    "merchant_id": "shop-a",
    "programme_id": "carbon-88",
    "until": "2026-12-01T00:00:00+08:00",
    "status": "posted",
    "pieces": 4,
    "total_fen": 120_050,
    "lines": [
        {
            "reward_id": "tea",
            "title": {"zh-CN": "茶", "en": "<script>alert('tea')</script>"},
            "pieces": 4,
            "fen_each": 30_000,
            "fen": 120_000,
        },
        {"reward_id": "bag", "title": {}, "pieces": 0, "fen_each": 0, "fen": 0},
    ],
    "adjustments": [{"fen": 50, "reason": "one & more"}],
}
NAME = {"zh-CN": "小店 <b>", "en": 'Shop "A"'}
PROGRAMME = {"zh-CN": "碳账户", "en": "Carbon"}


def written(*rows: tuple[str | int, ...]) -> str:
    return "".join(csv_lines(rows))


def test_the_file_begins_with_the_mark_of_utf_8_and_has_lines_as_rfc_4180_says():
    assert written(("a", "b"), ("1", 2)) == "\ufeffa,b\r\n1,2\r\n"
    assert written(("a,b", 'say "x"', "two\r\nlines")) == '\ufeff"a,b","say ""x""","two\r\nlines"\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1"])
def test_a_text_that_a_spreadsheet_would_run_is_a_text(text: str):
    (row,) = csv.reader(io.StringIO(written((text,)).removeprefix("\ufeff"), newline=""))
    assert row == ["'" + text]


def test_a_number_below_zero_stays_a_number():
    assert written((-100,)) == "\ufeff-100\r\n"


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_every_row_comes_back_as_it_was_but_for_what_makes_it_safe(rows: list[tuple[str, str]]):
    text = written(*rows)
    back = list(csv.reader(io.StringIO(text.removeprefix("\ufeff") if rows else "", newline="")))
    assert [[cell.removeprefix("'") for cell in row] for row in back] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in back for cell in row)


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (1_234, "12.34"), (-1_234, "-12.34"), (123_456_789, "1,234,567.89")],
)
def test_fen_are_shown_as_yuan_to_the_fen(fen: int, text: str):
    assert yuan(fen) == text


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, _attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(statement: dict[str, Any], language: str) -> _Seen:
    found = _Seen()
    found.feed(page(statement, NAME, PROGRAMME, language))
    return found


def test_the_page_shows_lines_adjustments_and_the_sum_and_runs_nothing():
    english = seen(STATEMENT, "en")
    for text in (
        'Shop "A" (shop-a)',
        "Carbon",
        "<script>alert('tea')</script>",
        "1,200.00",
        "one & more",
        "0.50",
        "1,200.50",
    ):
        assert text in english.text
    assert not english.tags & {"script", "img", "link", "iframe", "a", "form"}
    assert "default-src 'none'" in page(STATEMENT, NAME, PROGRAMME, "en")


def test_the_page_speaks_chinese_too():
    chinese = seen(STATEMENT, "zh-CN")
    for text in ("商户结算对账单", "小店 <b>", "碳账户", "茶", "bag", "已入账", "尚未付款"):
        assert text in chinese.text


@pytest.mark.parametrize("status", ["computed", "approved", "posted", "disputed", "paid"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_state_has_its_word(status: str, language: str):
    payment = {"paid_at": "2026-12-05T10:00:00+08:00", "reference": "wire <7>"}
    told = {**STATEMENT, "status": status} | ({"payment": payment} if status == "paid" else {})
    assert ("wire <7>" in seen(told, language).text) == (status == "paid")
