"""Identifiers: 26 characters of Crockford's base 32, as in ULID (48 bits of milliseconds, 80 bits of chance)."""

import hashlib
import os
from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
_TIME_BITS, _RANDOM_BITS = 48, 80


def new_id(at: datetime) -> str:
    """A fresh ULID; ids sort by ``at`` (aware), then by chance."""
    return _encode(_milliseconds(at) << _RANDOM_BITS | int.from_bytes(os.urandom(10)))


def first_id(at: datetime) -> str:
    """The least ULID of a moment: ids of before are less."""
    return _encode(_milliseconds(at) << _RANDOM_BITS)


def derived_id(at: datetime, *parts: str) -> str:
    """The ULID that these parts always have at that time: a step that runs twice names the same thing twice."""
    return _encode(_milliseconds(at) << _RANDOM_BITS | int.from_bytes(_digest(parts)[:10]))


def key_id(*parts: str) -> str:
    """The id that these parts always have, whatever the time: for things a client names by its own key."""
    return _encode(int.from_bytes(_digest(parts)[:16]))


def time_of(id_: str) -> datetime:
    """The moment that a ULID carries, to the millisecond."""
    number = 0
    for letter in id_:
        number = number << 5 | ALPHABET.index(letter)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number >> _RANDOM_BITS)


def _digest(parts: tuple[str, ...]) -> bytes:
    # Lengths keep ("ab", "c") apart from ("a", "bc").
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()


def _milliseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("an id needs an aware time")
    milliseconds = int(at.timestamp() * 1000)
    if not 0 <= milliseconds < 1 << _TIME_BITS:
        raise ValueError("an id needs a time between 1970 and 10889")
    return milliseconds


def _encode(number: int) -> str:
    return "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
