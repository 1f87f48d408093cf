"""Accept-Language by its weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.edge.accept_language import preferred
from tests.support.cases import cases

CASES = [(case["accept_language"], case["expect"]) for case in cases("http") if "accept_language" in case]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        *CASES,
        ("", "zh-CN"),
        ("*", "zh-CN"),
        ("en", "en"),
        ("EN-us , zh", "en"),
        ("zh-Hant-TW", "zh-CN"),
        ("en;q=0,*", "zh-CN"),
        ("zh;q=0,*", "en"),
        ("zh;q=0.1, *;q=0.2", "en"),
        ("en-US;q=0, en;q=0.8", "en"),
        ("en;q=0.001", "en"),
        ("fr, de;q=0.9", "zh-CN"),
        ("en;q=2, zh;q=0.1", "zh-CN"),
        ("en; q = 0.9 , zh;Q=0.8", "en"),
        ("english, zhuang", "zh-CN"),
    ],
)
def test_the_greatest_weight_of_ours_decides(header: str, language: str):
    assert preferred(header) == language


@given(st.text())
def test_any_header_gets_a_language(header: str):
    assert preferred(header) in ("zh-CN", "en")
