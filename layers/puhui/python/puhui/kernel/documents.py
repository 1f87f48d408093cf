"""Documents that people publish (programmes, methodologies, factors): read strictly, hashed in one
canonical form."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from typing import Any, Protocol

from puhui.kernel.errors import Invalid
from puhui.kernel.words import Text

__all__ = [
    "DEPTH_MAX",
    "DETAIL_MAX",
    "DOCUMENT_BYTES_MAX",
    "VALUES_MAX",
    "DocumentInvalid",
    "Text",
    "canonical",
    "content_hash",
    "parse",
    "pointer",
    "require_bounded",
    "require_valid",
]

DOCUMENT_BYTES_MAX = 256 * 1024
DEPTH_MAX = 12
VALUES_MAX = 5000
DETAIL_MAX = 200
JOINERS = "\u200c\u200d"  # letters of some scripts, and pictures of several people, are joined by them


class DocumentInvalid(Invalid):
    """``pointer`` (RFC 6901) leads to the fault, ``detail`` names it."""

    code = "DOCUMENT_INVALID"
    zh = "文档在 {pointer} 处有误：{detail}"
    en = "The document is wrong at {pointer}: {detail}"


class MemberTwice(ValueError):
    """An object of JSON has two members of one name."""


class Fault(Protocol):
    """What a JSON Schema validator reports."""

    @property
    def absolute_path(self) -> Iterable[str | int]: ...
    @property
    def message(self) -> str: ...


class Validator(Protocol):
    """A JSON Schema validator, as the publishing side makes one: functions never load it."""

    def iter_errors(self, instance: Any) -> Iterable[Fault]: ...


def parse(text: bytes) -> Any:
    """The document in ``text``. Raises DocumentInvalid for one too large, no JSON, a member twice, or a
    float."""
    if len(text) > DOCUMENT_BYTES_MAX:
        raise DocumentInvalid(pointer="/", detail=f"over {DOCUMENT_BYTES_MAX} bytes")
    try:
        return json.loads(text, object_pairs_hook=once, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        detail = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DocumentInvalid(pointer="/", detail=detail[:DETAIL_MAX]) from None


def require_valid(document: Any, validator: Validator) -> None:
    """Raise DocumentInvalid with the path of the first fault (in the document's order), if there is one; its size and its
    text (``require_bounded``) are looked at first."""
    require_bounded(document)
    for fault in validator.iter_errors(document):
        raise DocumentInvalid(pointer=pointer(fault.absolute_path), detail=fault.message[:DETAIL_MAX])


def require_bounded(document: Any) -> None:
    """Raise DocumentInvalid for a document that is nested too deeply, has too many values, or text that nobody could read,
    so that whatever looks at it later takes a bounded time. Looks at a value once, and never recurs."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    for _ in range(VALUES_MAX + 1):
        if not waiting:
            return
        value, path = waiting.pop()
        if len(path) > DEPTH_MAX:
            raise DocumentInvalid(pointer=pointer(path), detail="nested too deeply")
        if isinstance(value, dict):
            _require_readable(" ".join(value), path)
            waiting += [(each, (*path, name)) for name, each in value.items()]
        elif isinstance(value, list):
            if len(value) > VALUES_MAX:
                raise DocumentInvalid(pointer=pointer(path), detail=f"over {VALUES_MAX} values")
            waiting += [(each, (*path, position)) for position, each in enumerate(value)]
        elif isinstance(value, str):
            _require_readable(value, path)
    raise DocumentInvalid(pointer="/", detail=f"over {VALUES_MAX} values")


def _require_readable(text: str, path: Iterable[str | int]) -> None:
    """Half characters, control characters (NUL among them; a new line is text) and characters that turn the direction of
    what is read, or cannot be seen, are no text."""
    if text.isprintable():
        return
    for letter in text:
        kind = unicodedata.category(letter)
        if kind == "Cs":
            raise DocumentInvalid(pointer=pointer(path), detail="half of a pair of surrogates")
        if (kind == "Cc" and letter != "\n") or (kind == "Cf" and letter not in JOINERS):
            raise DocumentInvalid(pointer=pointer(path), detail=f"U+{ord(letter):04X} cannot be read")


def pointer(path: Iterable[str | int]) -> str:
    """RFC 6901 for a path of names and positions."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path) or "/"


def content_hash(document: Any) -> str:
    """SHA-256 of the canonical form: sorted names, no spaces, UTF-8. Two documents that mean the same hash
    the same."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def canonical(document: Any) -> str:
    """The canonical form: sorted names, no spaces."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """``json``'s hook for objects. Raises MemberTwice."""
    names = dict(members)
    if len(names) != len(members):
        raise MemberTwice("a member stands twice in one object")
    return names


def _refuse(number: str) -> None:
    raise ValueError(f"{number[:20]} is no integer: write decimals as text")
