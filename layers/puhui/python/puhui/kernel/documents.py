"""Documents that people publish (programmes, methodologies, factors): read strictly, hashed in one
canonical form."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from puhui.kernel.errors import Invalid

DOCUMENT_BYTES_MAX = 256 * 1024
DETAIL_MAX = 200
Text = Mapping[str, str]  # one text by language: "zh-CN" and "en"


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


def pointer(path: Iterable[str | int]) -> str:
    """RFC 6901 for a path of names and positions."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path) or "/"


def content_hash(document: Any) -> str:
    """SHA-256 of the canonical form: sorted names, no spaces, UTF-8. Two documents that mean the same hash
    the same."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(members)
    if len(names) != len(members):
        raise ValueError("a member stands twice in one object")
    return names


def _refuse(number: str) -> None:
    raise ValueError(f"{number[:20]} is no integer: write decimals as text")
