"""What an event says, line by line, in words. Events come out of files: whatever does not have the expected form is
shown as it is written."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from puhui.verify.words import KINDS, OWNERS, Language, say

_WHOLE = re.compile(r"-?[0-9]{1,30}")


def lines(event: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What the event says. Its id and type were shown with its entry."""
    rest = {name: value for name, value in event.items() if name not in ("id", "type")}
    if event.get("type") == "transfer":
        yield from _transfer(rest, language)
    for name, value in rest.items():
        yield f"  {name}: {_written(value)}"


def _transfer(rest: dict[str, Any], language: Language) -> Iterator[str]:
    """Takes the fields that it tells out of ``rest``."""
    if isinstance(rest.get("kind"), str):
        yield say(language, "  Kind: {kind}", kind=_named(rest.pop("kind"), KINDS, language))
    if isinstance(rest.get("at"), str):
        yield say(language, "  Time: {at}", at=rest.pop("at"))
    if isinstance(rest.get("legs"), list):
        yield say(language, "  Legs:")
        for leg in rest.pop("legs"):
            yield f"    {_leg(leg, language)}"


def _leg(leg: Any, language: Language) -> str:
    known = {"account", "asset", "amount", "lot"}
    if not isinstance(leg, dict) or not {"account", "asset", "amount"} <= set(leg) <= known:
        return _written(leg)
    if not all(isinstance(value, str) for value in leg.values()):
        return _written(leg)
    kind, colon, owner = leg["account"].partition(":")
    account = _named(kind, OWNERS, language, suffix=colon + owner)
    words = {"account": account, "amount": amount(leg["asset"], leg["amount"], language)}
    if leg.get("lot"):
        return say(language, "{account}: {amount}, lot {lot}", **words, lot=leg["lot"])
    return say(language, "{account}: {amount}", **words)


def amount(asset: str, written: str, language: Language) -> str:
    """An amount with its unit: ``CO2E:<programme>:<year>`` in mg, ``PTS:<programme>``, ``CNY`` in fen."""
    if not _WHOLE.fullmatch(written):
        return f"{written} {asset}"
    value = int(written)
    values = {"amount": f"{value:+,}" if value else "0"}
    match asset.split(":"):
        case ["CO2E", programme, year]:
            values |= {"programme": programme, "year": year, "kg": scaled(value, 6)}
            return say(language, "{amount} mg CO2e ({kg} kg), programme {programme}, year {year}", **values)
        case ["PTS", programme]:
            return say(language, "{amount} points, programme {programme}", **values, programme=programme)
        case ["CNY"]:
            return say(language, "{amount} fen ({yuan} yuan)", **values, yuan=scaled(value, 2))
    return f"{values['amount']} {asset}"


def scaled(value: int, places: int) -> str:
    """``value`` with the decimal point moved ``places`` to the left, exactly: 1250 by 3 is 1.25."""
    whole, rest = divmod(abs(value), 10**places)
    decimals = f"{rest:0{places}}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole:,}{'.' if decimals else ''}{decimals}"


def _named(code: str, names: Mapping[str, str], language: Language, suffix: str = "") -> str:
    """A code of the ledger; in Chinese with its name before it, when it has one."""
    written = code + suffix
    return f"{names[code]}（{written}）" if language == "zh" and code in names else written


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
