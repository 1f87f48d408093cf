"""Structured field values for HTTP (RFC 9651), as far as signatures need them: dictionaries of inner lists, strings, tokens,
integers, booleans and byte sequences. Pure.

    dictionary('sig1=("@method" "@path");created=1618884473')   # {"sig1": InnerList(...)}
    serialised(member)                                          # its one canonical form

What is read and written again is canonical: a signature covers the canonical form, whatever spaces were sent.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

TEXT_MAX = 8192


class Malformed(ValueError):
    """The text is no structured field of these kinds."""


class Token(str):
    """A word without quotation marks."""

    __slots__ = ()


Bare = str | int | bool | bytes  # a Token is a str
Parameters = Mapping[str, Bare]


@dataclass(frozen=True)
class Item:
    """A value with its parameters."""

    value: Bare
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True)
class InnerList:
    """A list of items in parentheses, with parameters of its own."""

    items: tuple[Item, ...]
    parameters: Parameters = field(default_factory=dict)


Member = Item | InnerList

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
_INTEGER = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_BYTES = re.compile(r":([A-Za-z0-9+/]*={0,2}):")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_SPACES = re.compile(r" +")


def dictionary(text: str) -> dict[str, Member]:
    """The members by key; of a key that stands twice the last one counts, as the RFC says. Raises Malformed."""
    if len(text) > TEXT_MAX:
        raise Malformed("too long")
    reader = _Reader(text.strip(" "))
    members: dict[str, Member] = {}
    while True:
        key = reader.key()
        members.pop(key, None)
        members[key] = reader.member() if reader.skip("=") else Item(True, reader.parameters())
        if reader.is_over:
            return members
        reader.must(_COMMA)


def serialised(member: Member) -> str:
    """The canonical form."""
    if isinstance(member, InnerList):
        inner = " ".join(serialised(each) for each in member.items)
        return f"({inner}){_parameters(member.parameters)}"
    return _bare(member.value) + _parameters(member.parameters)


def _parameters(parameters: Parameters) -> str:
    return "".join(
        f";{key}" if value is True else f";{key}={_bare(value)}" for key, value in parameters.items()
    )


def _bare(value: Bare) -> str:
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f":{base64.b64encode(value).decode()}:"
    if isinstance(value, Token):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Reader:
    """Where reading has come to in one text."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    @property
    def is_over(self) -> bool:
        return self._at == len(self._text)

    def skip(self, text: str) -> bool:
        """Whether it goes on with this text, which is then read."""
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def must(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            self._fail()
        self._at = found.end()
        return found

    def key(self) -> str:
        return self.must(_KEY)[0]

    def member(self) -> Member:
        if not self.skip("("):
            return self.item()
        items: list[Item] = []
        while True:
            self.spaces()
            if self.skip(")"):
                return InnerList(tuple(items), self.parameters())
            items.append(self.item())
            if not self._text.startswith((" ", ")"), self._at):
                self._fail()

    def item(self) -> Item:
        return Item(self.bare(), self.parameters())

    def parameters(self) -> dict[str, Bare]:
        found: dict[str, Bare] = {}
        while self.skip(";"):
            self.spaces()
            key = self.key()
            found.pop(key, None)
            found[key] = self.bare() if self.skip("=") else True
        return found

    def bare(self) -> Bare:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return re.sub(r"\\(.)", r"\1", self.must(_STRING)[1])
        if first == ":":
            return self._bytes()
        if first == "?":
            self._at += 1
            if self.skip("1"):
                return True
            if self.skip("0"):
                return False
            self._fail()
        if first.isascii() and (first.isalpha() or first == "*"):
            return Token(self.must(_TOKEN)[0])
        return int(self.must(_INTEGER)[0])

    def spaces(self) -> None:
        if found := _SPACES.match(self._text, self._at):
            self._at = found.end()

    def _bytes(self) -> bytes:
        text = self.must(_BYTES)[1]
        try:
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except binascii.Error:
            self._fail()

    def _fail(self) -> NoReturn:
        raise Malformed(f"at character {self._at}")
