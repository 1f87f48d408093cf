"""Documents that people publish (programmes, methodologies, factors): read strictly, hashed in one
canonical form."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Protocol

from puhui.kernel import rules
from puhui.kernel.errors import Invalid
from puhui.kernel.words import Text

__all__ = [
    "DEPTH_MAX",
    "DETAIL_MAX",
    "DOCUMENT_BYTES_MAX",
    "VALUES_MAX",
    "Document",
    "DocumentInvalid",
    "Text",
    "canonical",
    "content_hash",
    "parse",
    "pointer",
    "require_bounded",
    "require_valid",
]

Document = Annotated[Mapping[str, Any], "JSON text in a table"]
"""A document as it was written: it may hold what a table has no type for, so that ``store.records`` keeps its text."""
DOCUMENT_BYTES_MAX = 256 * 1024
DEPTH_MAX = 12
VALUES_MAX = 5000
DETAIL_MAX = 200
_NO_NEW_LINE = r"(?!\n)"  # what schemas add to ``$``
_TOO_DEEP: Text = {"zh-CN": "嵌套过深", "en": "nested too deeply"}
_HALF: Text = {"zh-CN": "只有半个代理对", "en": "half of a pair of surrogates"}
JOINERS = "\u200c\u200d"  # letters of some scripts, and pictures of several people, are joined by them


class DocumentInvalid(Invalid):
    """``pointer`` (RFC 6901: "" is the document itself) leads to the fault, ``detail`` names it, in both languages where the house
    has words for it."""

    code = "DOCUMENT_INVALID"
    zh = "{place}有误：{detail}"
    en = "{place} is wrong: {detail}"

    def __init__(self, pointer: str, detail: str | Text) -> None:
        place: Text = {"zh-CN": "文档本身", "en": "The document itself"}
        if pointer:
            place = {"zh-CN": f"文档在 {pointer} 处", "en": f"The document at {pointer}"}
        super().__init__(pointer=pointer, detail=detail, place=place)


class MemberTwice(ValueError):
    """An object of JSON has two members of one name."""


class Fault(Protocol):
    """What a JSON Schema validator reports."""

    @property
    def absolute_path(self) -> Iterable[str | int]: ...
    @property
    def message(self) -> str: ...
    @property
    def validator(self) -> Any: ...
    @property
    def validator_value(self) -> Any: ...
    @property
    def instance(self) -> Any: ...
    @property
    def schema(self) -> Any: ...


class Validator(Protocol):
    """A JSON Schema validator, as the publishing side makes one: functions never load it."""

    def iter_errors(self, instance: Any) -> Iterable[Fault]: ...


def parse(text: bytes) -> Any:
    """The document in ``text``. Raises DocumentInvalid for one too large, no JSON or a member twice. A
    decimal is refused by ``require_bounded``."""
    if len(text) > DOCUMENT_BYTES_MAX:
        raise DocumentInvalid("", _too_many(DOCUMENT_BYTES_MAX, "字节", "bytes"))
    try:
        return json.loads(text, object_pairs_hook=once)
    except RecursionError:
        raise DocumentInvalid("", _TOO_DEEP) from None
    except MemberTwice:
        raise DocumentInvalid("", {"zh-CN": "有重复的字段", "en": "has a member twice"}) from None
    except ValueError as error:
        raise DocumentInvalid("", str(error)[:DETAIL_MAX]) from None


def require_valid(document: Any, validator: Validator) -> None:
    """Raise DocumentInvalid with the path of the first fault (in the document's order), if there is one; its size and its
    text (``require_bounded``) are looked at first."""
    require_bounded(document)
    for fault in validator.iter_errors(document):
        rule, limit = fault.validator, fault.validator_value
        if rule == "additionalProperties":
            limit = list(fault.schema.get("properties", {}))
        elif rule == "pattern":
            limit = f" ({limit.removesuffix(_NO_NEW_LINE)})"
        members = rules.members(rule, limit, fault.instance)
        detail = rules.sentence(rule, limit) or fault.message[:DETAIL_MAX]
        raise DocumentInvalid(pointer((*fault.absolute_path, *members[:1])), detail)


def require_bounded(document: Any) -> None:
    """Raise DocumentInvalid for a document that is nested too deeply, has too many values, a decimal, or text that nobody could
    read, so that whatever looks at it later takes a bounded time. Looks at a value once, and never recurs."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(document, ())]
    for _ in range(VALUES_MAX + 1):
        if not waiting:
            return
        value, path = waiting.pop()
        if len(path) > DEPTH_MAX:
            raise DocumentInvalid(pointer(path), _TOO_DEEP)
        if isinstance(value, dict):
            _require_readable(" ".join(value), path)
            waiting += [(each, (*path, name)) for name, each in value.items()]
        elif isinstance(value, list):
            if len(value) > VALUES_MAX:
                raise DocumentInvalid(pointer(path), _too_many(VALUES_MAX, "个值", "values"))
            waiting += [(each, (*path, position)) for position, each in enumerate(value)]
        elif isinstance(value, str):
            _require_readable(value, path)
        elif isinstance(value, float):
            raise DocumentInvalid(pointer(path), _no_integer(value))
    raise DocumentInvalid("", _too_many(VALUES_MAX, "个值", "values"))


def _require_readable(text: str, path: Iterable[str | int]) -> None:
    """Half characters, control characters (NUL among them; a new line is text) and characters that turn the direction of
    what is read, or cannot be seen, are no text."""
    if text.isprintable():
        return
    for letter in text:
        kind = unicodedata.category(letter)
        if kind == "Cs":
            raise DocumentInvalid(pointer(path), _HALF)
        if (kind == "Cc" and letter != "\n") or (kind == "Cf" and letter not in JOINERS):
            name = f"U+{ord(letter):04X}"
            raise DocumentInvalid(
                pointer(path), {"zh-CN": f"{name} 无法阅读", "en": f"{name} cannot be read"}
            )


def pointer(path: Iterable[str | int]) -> str:
    """RFC 6901 for a path of names and positions; "" is the whole."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


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
        raise MemberTwice("a member is twice in one object")
    return names


def _too_many(most: int, zh: str, en: str) -> Text:
    return {"zh-CN": f"超过 {most} {zh}", "en": f"over {most} {en}"}


def _no_integer(number: float) -> Text:
    return {
        "zh-CN": f"{number} 不是整数，小数请写成文本（加引号）",
        "en": f"{number} is no integer: write decimals as text, in quotes",
    }
