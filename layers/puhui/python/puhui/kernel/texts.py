"""What people write, and what they type or scan: each has one form, and nothing in it that cannot be seen."""

import re
import unicodedata
from functools import cache

TIDIED_MAX = 8192  # longer than any text of the contract; normalising takes a time that grows with the square
_BLANK = r" \t\n\xa0\u1680\u2000-\u200a\u202f\u205f\u3000\u2800"
# Unicode's Default_Ignorable_Code_Point (fillers, joiners, direction marks, variation selectors, tags), interlinear marks, and
# U+FFFC and U+FFFD, which mark what got lost on the way.
_HIDDEN = (
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    r"\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL = r"\x00-\x1f\x7f-\x9f"
_LETTER = rf"[^{_BLANK}{_HIDDEN}{_CONTROL}\ud800-\udfff\ufdd0-\ufdef]"
_VARIED = rf"{_LETTER}[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]?"
_FLAG = (
    r"\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f"  # of a part of a country: an emoji spelt with tags
)
_ONE = rf"(?:{_FLAG}|{_VARIED})"
_READABLE = rf"[{_BLANK}]*{_ONE}(?:[\u180e\u200c\u200d]?{_ONE}|[{_BLANK}]+{_ONE})*[{_BLANK}]*\Z"
_AROUND = "".join(map(chr, range(0x21))) + "\x7f\xa0"
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−⁃﹘﹣－ー", "-"))


def tidy(text: str) -> str:
    """What a person wrote, in the one form in which it is kept: NFC, one kind of line end, no blanks around it."""
    if len(text) > TIDIED_MAX:
        return text
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def readable(text: str) -> bool:
    """Whether there is something to read in it and all of it can be seen: no controls but line ends and tabs, nothing that
    turns the direction of what follows, joiners and variants only where they join or vary (emoji, Persian, Mongolian)."""
    return _compiled(_READABLE).match(text) is not None


def scanned(text: str) -> str:
    """What a scanner read or a hand typed, as it was meant: full width and all dashes made plain, without what scanners add
    around it (line ends, tabs, FNC1, byte-order marks) and zero-width letters anywhere."""
    if len(text) > TIDIED_MAX:
        return text
    plain = unicodedata.normalize("NFKC", text.translate(_DASHES))
    return _compiled(f"[{_HIDDEN}]").sub("", plain).strip(_AROUND)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
