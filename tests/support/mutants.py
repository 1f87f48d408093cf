"""Bodies that nearly are what an operation takes: an example of the contract, bent in its values, members or bytes."""

import copy
import json
import random
from typing import Any

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 10**15, 10**30, 2**63, [], {}, [[]], [None], {"": ""}),
    *(
        "",
        " ",
        "\x00",
        "a\x00b",
        "\u3164",
        "\u200b",
        "a\u202eb",
        "\ud800",
        "\ufffd",
        "{",
        "{}",
        "{0}",
        "%s",
        "\n",
        "a" * 5000,
    ),
    *(
        "2026-02-30",
        "2026-13-01",
        "2026-11-31T08:30:00+08:00",
        "2026-11-21T08:30:00.1234567+08:00",
        "2026-11-21T08:30:00Z",
    ),
    *(
        "2099-12-31T23:59:59-23:59",
        "2000-01-01T00:00:00+23:59",
        "2026-11-21T24:00:00Z",
        "9999-12-31",
        "0000-00-00",
    ),
    *(
        "0" * 26,
        "Z" * 26,
        "7" + "Z" * 25,
        "a.b.c",
        "../..",
        "ＡＢＣ",
        "١٢٣",
        "小满",
        "CN-GD",
        "CN",
        "carbon-88",
        "nowhere",
    ),
)
TYPES = ("application/json",) * 30 + (
    "application/json; charset=utf-8",
    'application/json; charset="UTF-8"',
    "application/json; charset=utf-16",
    "application/json; charset=gbk",
    "text/plain",
    "",
)


def mutant(example: Any, chance: random.Random) -> tuple[str, bytes]:
    """A content type and a body."""
    body = json.loads(json.dumps(example))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        body = _bent(body, chance)
    raw = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
    if chance.random() < 0.3:
        raw = _spoilt(raw, chance)
    return chance.choice(TYPES), raw


def _bent(body: Any, chance: random.Random) -> Any:
    places = list(_places(body))
    if not places:
        return _odd(chance)
    holder, key = chance.choice(places)
    match chance.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(("unheard_of", "a/b~c", "\x00", "\ud800", "__proto__"))] = _odd(chance)
        case 2 if isinstance(holder, list):
            holder.extend([holder[key]] * chance.choice((1, 2, 600)))
        case 3 if isinstance(holder[key], str):
            holder[key] = _spelt(holder[key], chance)
        case 4 if type(holder[key]) is int:
            holder[key] += chance.choice((-1, 1, 10**6, -(10**6), 10**12))
        case _:
            holder[key] = _odd(chance)
    return body


def _odd(chance: random.Random) -> Any:
    return copy.deepcopy(chance.choice(ODD))


def _spelt(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text) + 1)
    letter = chance.choice("\x00\u200b\u202e\u3164\ufeff\ufffd{}%'\"\\ \t\r\n－۱é中🚲")
    return text[:place] + letter + text[place + chance.randrange(2) :]


def _spoilt(raw: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw) + 1)
    match chance.randrange(7):
        case 0:
            return raw[:place]
        case 1:
            return raw[:place] + bytes([chance.randrange(256)]) + raw[place + 1 :]
        case 2:
            return b"\xef\xbb\xbf" + raw
        case 3:
            return raw.decode(errors="replace").encode(
                chance.choice(("utf-16", "utf-32-le", "gbk")), "replace"
            )
        case 4:
            return raw[:1] + raw[1:].replace(b'"', b'"a": 1, "a": 2, "', 1)
        case 5:
            return raw[:place] + b"[" * chance.choice((10, 700, 5000)) + raw[place:]
        case _:
            return raw.replace(b": 1", b": " + chance.choice((b"9" * 5000, b"NaN", b"1e400", b"-0", b"1E5")))


def _places(node: Any) -> Any:
    children = list(
        node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    )
    for key, child in children:
        yield node, key
        yield from _places(child)
