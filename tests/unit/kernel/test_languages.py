"""One language per answer, and the sentences of codes."""

from typing import Any

import pytest

from puhui.kernel import languages, quantity_words, words
from puhui.kernel.errors import Invalid
from puhui.rewards.errors import RewardInvalid

BOTH = {"zh-CN": "可乐", "en": "Cola"}


@pytest.mark.parametrize(("language", "name"), [("zh-CN", "可乐"), ("en", "Cola")])
def test_an_answer_holds_one_language_however_deep_a_text_stands(language: str, name: str) -> None:
    told = languages.in_language(
        {"items": [{"title": BOTH, "lines": ({"name": BOTH},)}], "next_cursor": None}, language
    )

    assert told == {"items": [{"title": name, "lines": [{"name": name}]}], "next_cursor": None}


def test_what_is_hashed_and_what_authors_edit_is_answered_as_it_was_written() -> None:
    event = {"name": BOTH, "reason_code": "FILE_TYPE"}
    answer = {"document": {"name": BOTH}, "texts": {"title": BOTH}, "opening": {"salt": "", "event": event}}

    assert languages.in_language(answer, "en") == answer


def test_what_only_looks_like_a_text_stays() -> None:
    inputs = {"zh-CN": 1, "en": 2}

    assert languages.in_language({"inputs": inputs}, "en") == {"inputs": inputs}


def test_a_reason_code_comes_with_its_sentence_and_signals_with_theirs() -> None:
    told = languages.in_language({"reason_code": "FILE_TYPE", "risk": {"signals": ["PHOTO_SMALL"]}}, "en")

    assert told["reason_text"] == words.REASONS["FILE_TYPE"]["en"]
    assert told["risk"]["signal_texts"] == ["The picture is too small to make anything out."]


def test_a_reason_that_a_person_made_up_is_told_as_such() -> None:
    assert (
        languages.in_language({"reason_code": "WRONG_STATION"}, "en")["reason_text"]
        == "Reason: wrong station."
    )


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
    "vocabulary",
    [words.REASONS, words.PURPOSES, words.CHOICES, quantity_words.UNITS, quantity_words.OPTIONS, words.WORDS],
)
def test_every_word_is_said_in_both_languages(vocabulary: dict[str, Any]) -> None:
    for code, text in vocabulary.items():
        assert text.keys() == {"zh-CN", "en"}
        assert all(text.values()) or code == "1"


@pytest.mark.parametrize(
    ("rule", "chinese"),
    [
        ("an integer from 1 to 40", "奖品的 f 不符合规则：须为 1 到 40 的整数"),
        (
            "zh-CN and en, 1 to 60 characters each",
            "奖品的 f 不符合规则：须有 zh-CN 和 en 两种文字，各 1 到 60 个字",
        ),
        ("a rule that nobody translated", "奖品的 f 不符合规则：请对照接口说明修改"),
    ],
)
def test_a_rule_of_a_reward_is_told_in_one_language(rule: str, chinese: str) -> None:
    refused = RewardInvalid(field="f", rule=rule)

    assert refused.text("zh-CN") == chinese
    assert refused.text("en") == f"The reward's f breaks a rule: {rule}"
