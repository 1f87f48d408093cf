"""What a person may write, and what a scanner means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel.texts import TIDIED_MAX, readable, scanned, tidy

FAMILY, HEART, FLAG = (
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
)


@pytest.mark.parametrize(
    "text",
    [
        "小满",
        "a",
        FAMILY,
        HEART,
        FLAG,
        "1\ufe0f\u20e3",
        "می‌خواهم",
        "葛\U000e0100",
        "ᠮᠣᠩᠭᠣᠯ",
        "𠮷野",
        "广州　路 1 号",
        "a\nb",
    ],
    ids=ascii,
)
def test_what_people_write_is_read(text: str):
    assert readable(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u3000",
        "\u2800",
        "\u3164",
        "\uffa0",
        "\u115f",
        "\u200b",
        "\u200d",
        "\ufe0f",
        "\U000e0041",
        "a\x00",
        "a\x7f",
        "a\x85",
        "a\rb",
        "a\u2028b",
        "a\u200bb",
        "a\u202egnp",
        "a\u2066b",
        "a\u061cb",
        "a\ufeffb",
        "a\u200d",
        "\u200da",
        "a\u200d\u200db",
        "a \u200db",
        "a\ufe0f\ufe0f",
        "\ufffd\ufffd",
        "a\ufffc",
        "a\udc00",
        "a\ufdd0",
        "a\U000e0067\U000e007f",
        FLAG + "\U000e0067",
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_or_turns_the_direction_is_not(text: str):
    assert not readable(text)


@given(st.text())
def test_a_tidied_text_is_tidy_and_says_the_same(text: str):
    assert tidy(tidy(text)) == tidy(text)
    assert readable(tidy(text)) or not readable(text) or not tidy(text)


def test_a_text_has_one_form():
    assert tidy("  e\u0301cole\r\n ") == "\u00e9cole"


@pytest.mark.parametrize(
    "read",
    [
        "MEMN-86Z9-3RH5\r\n",
        "\ufeffMEMN-86Z9-3RH5",
        "\x1dMEMN-86Z9-3RH5\t ",
        "ＭＥＭＮ－８６Ｚ９－３ＲＨ５",
        "MEMN—86Z9‑3RH5",
        "MEMN−86Z9\u200b–3RH5　",
    ],
    ids=ascii,
)
def test_what_scanners_and_hands_add_does_no_harm(read: str):
    assert scanned(read) == "MEMN-86Z9-3RH5"


def test_what_stands_in_the_middle_and_is_no_letter_stays_wrong():
    assert scanned("AB\x00CD") == "AB\x00CD"


@pytest.mark.timeout(10)
def test_a_text_made_to_be_slow_is_not():
    marks = "\u0315\u0300" * 60_000
    for form in (tidy, scanned):
        assert form(marks) == marks
        form(marks[:TIDIED_MAX])
    assert not readable("a \u200d" * 40_000)
    assert not readable("\U0001f3f4" * 60_000 + "\u200b")
