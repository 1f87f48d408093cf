"""One language per answer: texts that are kept in both become the reader's, and codes get their sentence.

The house keeps a text as ``{"zh-CN": ..., "en": ...}``. ``in_language`` turns an answer into what one reader reads; what is
hashed and what authors edit is answered as it was written: it is under ``document``, ``opening`` or ``texts``.
"""

import string
from collections.abc import Mapping
from typing import Any

from puhui.kernel import words

CHINESE, ENGLISH = "zh-CN", "en"
AS_WRITTEN = frozenset({"document", "opening", "texts"})
_BOTH = {CHINESE, ENGLISH}


def of(preferred: str) -> str:
    """The language of the house that a reader of ``preferred`` gets."""
    return ENGLISH if preferred.startswith(ENGLISH) else CHINESE


def is_text(value: Any) -> bool:
    """Whether a value is a text in both languages."""
    return isinstance(value, Mapping) and value.keys() == _BOTH and all(map(_is_str, value.values()))


def in_language(value: Any, language: str) -> Any:
    """An answer in one language. A ``reason_code`` is followed by its ``reason_text``, ``signals`` by ``signal_texts``."""
    if is_text(value):
        return value[language]
    if isinstance(value, Mapping):
        return _object(value, language)
    if isinstance(value, (list, tuple)):
        return [in_language(each, language) for each in value]
    return value


def _object(value: Mapping[str, Any], language: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, each in value.items():
        shown[name] = each if name in AS_WRITTEN else in_language(each, language)
        if name == "reason_code" and isinstance(each, str) and each:
            shown["reason_text"] = words.reason(each)[language]
        if name == "signals" and isinstance(each, (list, tuple)):
            shown["signal_texts"] = [words.reason(code)[language] for code in each]
    return shown


def counted(number: int, plural: str) -> str:
    """A number and what it counts, in English: ``1 day``, ``2 days``. ``plural`` is the word for more than one."""
    one = number in (1, -1) and plural.endswith("s")
    return f"{number} {plural[:-1] if one else plural}"


class _Sentences(string.Formatter):
    """Templates over an error's details: ``{days:day}`` counts days in English, and a word of the house is called by its
    name."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec.isalpha() and type(value) is int:
            return counted(value, f"{format_spec}s")
        if is_text(value):
            return str(value[self._language])
        if isinstance(value, str) and value in words.WORDS:
            return words.WORDS[value][self._language]
        return str(super().format_field(value, format_spec))


def sentence(template: str, details: Mapping[str, Any], language: str) -> str:
    """A template of the house with its details, for a reader of ``language``."""
    return _Sentences(language).vformat(template, (), details)


def _is_str(value: Any) -> bool:
    return isinstance(value, str)
