"""Documents that people publish (programmes, methodologies, factors): read strictly, hashed in one
canonical form."""

import hashlib
import json
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


class DocumentInvalid(Invalid):
    """``pointer`` (RFC 6901) leads to the fault, ``detail`` names it."""

    code = "DOCUMENT_INVALID"
    zh = "文档在 {pointer} 处有误：{detail}"
    en = "The document is wrong at {pointer}: {detail}"


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
        return json.loads(text, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        detail = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DocumentInvalid(pointer="/", detail=detail[:DETAIL_MAX]) from None


def require_valid(document: Any, validator: Validator) -> None:
    """Raise DocumentInvalid with the path of the first fault (in the document's order), if there is one."""
    for fault in validator.iter_errors(document):
        raise DocumentInvalid(pointer=pointer(fault.absolute_path), detail=fault.message[:DETAIL_MAX])


def require_bounded(document: Any) -> None:
    """Raise DocumentInvalid for a document that is nested too deeply, has too many values, or text that is no Unicode,
    so that whatever looks at it later takes a bounded time. Looks at a value once, and never recurs."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    for _ in range(VALUES_MAX + 1):
        if not waiting:
            return
        value, path = waiting.pop()
        if len(path) > DEPTH_MAX:
            raise DocumentInvalid(pointer=pointer(path), detail="nested too deeply")
        if isinstance(value, dict):
            _require_unicode(" ".join(value), path)
            waiting += [(each, (*path, name)) for name, each in value.items()]
        elif isinstance(value, list):
            if len(value) > VALUES_MAX:
                raise DocumentInvalid(pointer=pointer(path), detail=f"over {VALUES_MAX} values")
            waiting += [(each, (*path, position)) for position, each in enumerate(value)]
        elif isinstance(value, str):
            _require_unicode(value, path)
    raise DocumentInvalid(pointer="/", detail=f"over {VALUES_MAX} values")


def _require_unicode(text: str, path: Iterable[str | int]) -> None:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise DocumentInvalid(pointer=pointer(path), detail="half of a pair of surrogates")


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


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(members)
    if len(names) != len(members):
        raise ValueError("a member stands twice in one object")
    return names


def _refuse(number: str) -> None:
    raise ValueError(f"{number[:20]} is no integer: write decimals as text")
