"""What the generated validators need at run time: how a failed rule becomes a JSON pointer and a sentence.

The modules of ``puhui.edge.contract`` are generated from miniprogram_api.yaml by
``infra/build/validators.py``, one per operation and named by its operationId. Each has

- ``METHOD``, ``PATH`` (as in the contract), ``ROLES`` (any one is enough; empty: no role needed), ``PUBLIC``
  (no token needed);
- ``body(data)``: the parsed JSON body, checked; ``body`` is None when the operation has no JSON body;
- ``BODIES``: what checks a body of another content type that is JSON, by type; an array is put under ``items``;
- ``query(data)``: strings in; integers, defaults and nothing unknown out;
- ``path(data)``: the path parameters, checked;
- ``WRITTEN``: where the body holds what people wrote, typed or scanned: (what brings it into its one form, path), for ``tidied``;
- ``headers(data)``: the headers (lower-case names), of which the contract's own are checked.

The four functions raise ContractError, which lists every failure. Pointers are RFC 6901 pointers into the body,
or start with ``/query/``, ``/path/`` or ``/headers/``.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from puhui.kernel import languages, rules, texts

ERRORS_MAX = 20  # a caller who sends a thousand wrong members learns nothing from the twenty-first
_INTEGER = re.compile(r"-?[0-9]{1,15}\Z")
_NAME_PARTS = re.compile(r"[.\[\]]+")


class Failure:
    """One rule that one value broke. ``name`` is the generator's path, such as ``data.evidence_ids[1]``."""

    def __init__(self, name: str, rule: str, limit: Any, value: Any) -> None:
        self.rule, self.limit = "text" if (rule, limit) == ("format", "text") else rule, limit
        path = [part for part in _NAME_PARTS.split(name) if part][1:]
        self.pointer = _pointer(path)
        self.members = rules.members(rule, limit, value)

    def pointers(self) -> list[str]:
        """Where it is wrong: the members that are missing or unknown, or the value itself."""
        return [self.pointer + _pointer([member]) for member in self.members] or [self.pointer]

    def text(self, language: str) -> str:
        """A sentence for a person who reads ``language`` ("zh-CN" or "en")."""
        sentence = rules.sentence(self.rule, self.limit)
        return sentence[languages.of(language)] if sentence else self.rule


class Failures(Exception):
    """What a generated function raises: every rule that was broken."""

    def __init__(self, errors: list[Failure]) -> None:
        super().__init__()
        self.errors = errors


class ContractError(Exception):
    """The request does not fit the contract: 400 INVALID_REQUEST.

    ``errors`` are (pointer, English detail); ``errors_in("zh-CN")`` says the same in Chinese.
    """

    def __init__(self, errors: list[tuple[str, str]], chinese: list[tuple[str, str]] | None = None) -> None:
        super().__init__()
        self.errors = errors
        self._chinese = errors if chinese is None else chinese

    def errors_in(self, language: str) -> list[tuple[str, str]]:
        """(pointer, detail) pairs in ``language`` ("zh-CN" or "en")."""
        return self.errors if language.startswith("en") else self._chinese


class Patterns(dict[str, re.Pattern[str]]):
    """Regular expressions, each compiled when first needed: a cold start pays for its own request's only."""

    def __missing__(self, pattern: str) -> re.Pattern[str]:
        compiled = self[pattern] = re.compile(pattern)
        return compiled


def is_time(text: str) -> bool:
    """Whether ``text`` is a moment that exists, with its offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def is_day(text: str) -> bool:
    """Whether ``text`` is a day that exists."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_text(text: str) -> bool:
    """Whether ``text`` is empty or can be read, and hides nothing."""
    return not text or texts.readable(text)


Written = tuple[tuple[Callable[[str], str], tuple[str, ...]], ...]


def tidied(data: Any, written: Written) -> Any:
    """``data`` itself, each text that a path leads to in its one form; ``*`` is every item of a list."""
    for form, path in written:
        _tidy(data, path, form)
    return data


def _tidy(node: Any, path: tuple[str, ...], form: Callable[[str], str]) -> None:
    name, *rest = path
    keys: list[Any] = []
    if isinstance(node, dict) and name in node:
        keys = [name]
    elif isinstance(node, list) and name == "*":
        keys = [*range(len(node))]
    for key in keys:
        if rest:
            _tidy(node[key], tuple(rest), form)
        elif isinstance(node[key], str):
            node[key] = form(node[key])


def checked(check: Callable[[Any], Any], data: Any, prefix: str = "") -> Any:
    """``data`` as ``check`` leaves it with defaults filled in. Raises ContractError, pointers under ``prefix``."""
    try:
        return check(data)
    except Failures as failures:
        raise ContractError(
            _told(failures.errors, prefix, "en"), _told(failures.errors, prefix, "zh-CN")
        ) from None


def parsed(data: Mapping[str, str], integers: tuple[str, ...]) -> dict[str, Any]:
    """Query strings with those named in ``integers`` parsed; other text is left as it is and fails its type."""
    return {
        name: int(text) if name in integers and _INTEGER.match(text) else text for name, text in data.items()
    }


def _told(failures: list[Failure], prefix: str, language: str) -> list[tuple[str, str]]:
    found = [
        (prefix + pointer, failure.text(language)) for failure in failures for pointer in failure.pointers()
    ]
    return found[:ERRORS_MAX]


def _pointer(path: list[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
