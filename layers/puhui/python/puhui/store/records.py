"""How a dataclass is stored: one declaration derives the item, the key and the way back.

    FUNDING = Record(Funding, owner="budget:{budget_id}", entry="F#{id}", names={"programme_id": "programme"})

    FUNDING.item(funding)                       # the item, with its key
    FUNDING.read(item)                          # the funding
    FUNDING.key(budget_id="b-1", id="01K...")   # {"owner": "budget:b-1", "entry": "F#01K..."}

Each field is one attribute of the same name (or of the one in ``names``). A field that a key names is stored in the key alone.
A field that equals its default is left out, unless ``always`` names it, because a condition or an index needs it; what an item lacks
is read as the default: so ``always`` names, too, each field whose default is a figure that may change some day. Values: str, int, bool, bytes; times as RFC 3339 text, days as ISO dates; tuples as lists; mappings and
dataclasses as maps by name; a ``kernel.documents.Document`` as JSON text. ``X | None`` leaves None out.

``shape`` counts how often the stored shape was changed. An item says which shape it has (``shape``; absent: the first), and
``upgrades`` has for each old shape the function that makes the next one of an item.
"""

import json
import re
import types
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from puhui.kernel import clock
from puhui.store.values import Item

T = TypeVar("T")
Convert = Callable[[Any], Any]
SHAPE = "shape"
_PLAIN = (str, int, bool, bytes)
_UNIONS = (types.UnionType, typing.Union)
_FROM_KEY: dict[Any, Convert] = {date: date.fromisoformat, int: int}
_NAMED = re.compile(r"{(\w+)}")


class UnknownShape(Exception):
    """An item was written by newer code than this. Deploy the newer code, or the way back to this shape."""


class Record(Generic[T]):
    """How values of one dataclass are stored.

    ``owner`` and ``entry`` are the two parts of the key: text with names of fields in braces. Of several in one part, all but the last
    hold no ``#``. Without a key the record is a map inside another item. ``hash_key`` is what the table calls the first part. ``extra``
    works out attributes that only indexes and conditions read; reading ignores them. ``inner`` has records for dataclasses inside that
    do not store fields by their own names.
    """

    def __init__(
        self,
        kind: type[T],
        *,
        owner: str = "",
        entry: str = "",
        hash_key: str = "owner",
        names: Mapping[str, str] | None = None,
        always: Collection[str] = (),
        extra: Callable[[T], Item] | None = None,
        inner: Mapping[type, "Record[Any]"] | None = None,
        shape: int = 1,
        upgrades: Mapping[int, Callable[[Item], Item]] | None = None,
    ) -> None:
        self.kind = kind
        self._patterns = {name: text for name, text in ((hash_key, owner), ("entry", entry)) if text}
        self._names, self._always, self._extra = dict(names or {}), frozenset(always), extra
        self._shape, self._upgrades, self._inner = shape, dict(upgrades or {}), dict(inner or {})
        self._readers: list[tuple[str, re.Pattern[str]]] = []
        self._from_key: dict[str, Convert] = {}
        self._plan: list[_Stored] | None = None  # worked out at the first use: importing stays cheap

    def item(self, value: T) -> Item:
        """The item of a value: its key, its attributes, and those that ``extra`` works out."""
        stored = self._stored()
        item: Item = {}
        for name, text in self._patterns.items():
            item[name] = _NAMED.sub(lambda found: str(getattr(value, found[1])), text)
        for field in stored:
            inner = getattr(value, field.name)
            if field.always or inner != field.default:
                item[field.attribute] = inner if field.write is _same else field.write(inner)
        if self._shape > 1:
            item[SHAPE] = self._shape
        return item | self._extra(value) if self._extra else item

    def read(self, item: Mapping[str, Any], **known: Any) -> T:
        """The value of an item; ``known`` are fields that the reader knows better. Raises KeyError when a field without default is
        missing, UnknownShape when newer code wrote it."""
        stored = self._stored()
        if self._shape > 1 or SHAPE in item:
            item = self._upgraded(item)
        values: dict[str, Any] = self._named_by_key(item) | known
        for field in stored:
            if field.name in known:
                continue
            if field.attribute in item:
                inner = item[field.attribute]
                values[field.name] = inner if field.read is _same else field.read(inner)
            elif field.default is MISSING:
                raise KeyError(field.attribute)
            else:
                values[field.name] = field.default
        return self.kind(**values)

    def key(self, **values: Any) -> dict[str, str]:
        """The key of the value that has these fields."""
        return {name: text.format_map(values) for name, text in self._patterns.items()}

    def _named_by_key(self, item: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, pattern in self._readers:
            if match := pattern.fullmatch(item[name]):
                found |= {
                    field: self._from_key[field](text)
                    for field, text in match.groupdict().items()
                    if field in self._from_key  # others are properties
                }
        return found

    def _upgraded(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        shape = item.get(SHAPE, 1)
        if shape > self._shape:
            raise UnknownShape(f"{self.kind.__name__} of shape {shape}; this code knows {self._shape}")
        while shape < self._shape:
            item, shape = self._upgrades[shape](dict(item)), shape + 1
        return item

    def _stored(self) -> list["_Stored"]:
        if self._plan is None:
            in_key = {name for text in self._patterns.values() for name in _NAMED.findall(text)}
            self._readers = [(name, _reader(text)) for name, text in self._patterns.items() if "{" in text]
            known = fields(self.kind)  # type: ignore[arg-type]
            self._from_key = {
                field.name: _FROM_KEY.get(field.type, str) for field in known if field.name in in_key
            }
            self._plan = [
                _Stored(
                    field,
                    self._names.get(field.name, field.name),
                    self._inner,
                    always=field.name in self._always,
                )
                for field in known
                if field.name not in in_key
            ]
        return self._plan


def _reader(text: str) -> re.Pattern[str]:
    """What reads the fields out of one part of a key."""
    *names, last = _NAMED.findall(text)
    pattern = re.escape(text)
    for name in names:
        pattern = pattern.replace(rf"\{{{name}\}}", f"(?P<{name}>[^#]*)")
    return re.compile(pattern.replace(rf"\{{{last}\}}", f"(?P<{last}>.*)"), re.DOTALL)


class _Stored:
    """One field as one attribute."""

    def __init__(
        self, field: Field[Any], attribute: str, inner: Mapping[type, Record[Any]], *, always: bool
    ) -> None:
        self.name, self.attribute = field.name, attribute
        self.default: Any = field.default
        if field.default_factory is not MISSING:
            self.default = field.default_factory()
        self.always = always or self.default is MISSING
        self.write, self.read = _conversion(field.type, field.name, inner)


def _conversion(kind: Any, name: str, records: Mapping[type, Record[Any]]) -> tuple[Convert, Convert]:
    """How a value of the type is written and read. Raises TypeError for a type that has no place in a table."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or all(each in _PLAIN for each in (inner if origin in _UNIONS else (kind,))):
        return _same, _same
    if kind is datetime:
        return clock.to_text, clock.from_text
    if kind is date:
        return date.isoformat, date.fromisoformat
    if origin in _UNIONS and type(None) in inner and len(inner) == 2:
        (some,) = (each for each in inner if each is not type(None))
        write, read = _conversion(some, name, records)
        return _unless_none(write), _unless_none(read)
    if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:
        write, read = _conversion(inner[0], name, records)
        return lambda value: [write(each) for each in value], lambda value: tuple(
            read(each) for each in value
        )
    if origin is typing.Annotated:
        return _text, json.loads
    if origin is frozenset and inner == (str,):
        return frozenset, frozenset
    if isinstance(origin, type) and issubclass(origin, Mapping) and inner[0] is str:
        write, read = _conversion(inner[1], name, records)
        return _by_name(write), _by_name(read)
    if is_dataclass(kind) and isinstance(kind, type):
        record = records.get(kind) or Record(kind)
        return record.item, record.read
    raise TypeError(f"{name}: {kind} has no place in a table; store a named dataclass, a text or an integer")


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _same(value: Any) -> Any:
    return value


def _unless_none(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)


def _by_name(convert: Convert) -> Convert:
    return lambda value: {name: convert(each) for name, each in value.items()}
