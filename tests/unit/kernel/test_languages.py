"""One language per answer, and the sentences of codes."""

from typing import Any

import pytest

from puhui.kernel import languages, words
from puhui.kernel.errors import Invalid

BOTH = {"zh-CN": "可乐", "en": "Cola"}


@pytest.mark.parametrize(("language", "name"), [("zh-CN", "可乐"), ("en", "Cola")])
def test_an_answer_holds_one_language_however_deep_a_text_stands(language: str, name: str) -> None:
    told = languages.told(
        {"items": [{"title": BOTH, "lines": ({"name": BOTH},)}], "next_cursor": None}, language
    )

    assert told == {"items": [{"title": name, "lines": [{"name": name}]}], "next_cursor": None}


def test_documents_and_the_texts_of_authors_are_answered_as_they_were_written() -> None:
    answer = {"document": {"name": BOTH}, "texts": {"title": BOTH}}

    assert languages.told(answer, "en") == answer


def test_what_only_looks_like_a_text_stays() -> None:
    inputs = {"zh-CN": 1, "en": 2}

    assert languages.told({"inputs": inputs}, "en") == {"inputs": inputs}


def test_a_reason_code_comes_with_its_sentence_and_signals_with_theirs() -> None:
    told = languages.told({"reason_code": "FILE_TYPE", "risk": {"signals": ["PHOTO_SMALL"]}}, "en")

    assert told["reason_text"] == words.REASONS["FILE_TYPE"]["en"]
    assert told["risk"]["signal_texts"] == ["The picture is too small to make anything out."]


def test_a_reason_that_a_person_made_up_is_told_as_such() -> None:
    assert languages.told({"reason_code": "WRONG_STATION"}, "en")["reason_text"] == "Reason: wrong station."


@pytest.mark.parametrize(("number", "said"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (31, "31 days")])
def test_english_counts_one_day_and_two_days(number: int, said: str) -> None:
    assert languages.counted(number, "days") == said
    assert languages.sentence("within {days:day}", {"days": number}, "en") == f"within {said}"


def test_a_sentence_calls_words_of_the_house_and_texts_by_their_names() -> None:
    class Refused(Invalid):
        zh = "上限（{cap}），{name}"
        en = "The limit ({cap}), {name}"

    error = Refused(cap="per_day_acts", name=BOTH)

    assert error.text("en") == "The limit (acts a day), Cola"
    assert error.text("zh-CN") == "上限（每天的次数），可乐"


@pytest.mark.parametrize(
    "vocabulary", [words.REASONS, words.PURPOSES, words.CHOICES, words.UNITS, words.OPTIONS, words.WORDS]
)
def test_every_word_is_said_in_both_languages(vocabulary: dict[str, Any]) -> None:
    for code, text in vocabulary.items():
        assert text.keys() == {"zh-CN", "en"}
        assert all(text.values()) or code == "1"
