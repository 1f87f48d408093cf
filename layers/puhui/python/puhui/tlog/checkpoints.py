"""Checkpoints (c2sp.org/tlog-checkpoint): which log, how many entries, which root; the text of a signed note."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from puhui.tlog import notes
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import EMPTY_ROOT, HASH_BYTES
from puhui.tlog.notes import Key, Note, Signer

SIZE_MAX = 2**63 - 1


@dataclass(frozen=True)
class Checkpoint:
    """The state of the log ``origin`` when it had ``size`` entries."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def signed(self, signer: Signer) -> Note:
        """The note with the log's own signature."""
        note = Note(self.text)
        return Note(note.text, (notes.sign(note, signer),))


def parse_text(text: str) -> Checkpoint:
    """The checkpoint in a note's text; extension lines may follow. Raises Malformed."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise Malformed("a checkpoint has a line each for its origin, size and root")
    origin, size, root = lines[0], parse_size(lines[1]), notes.from_b64(lines[2])
    if len(root) != HASH_BYTES:
        raise Malformed("a root has 32 bytes")
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed("the empty tree has another root")
    return Checkpoint(origin, size, root)


def parse_size(text: str) -> int:
    """A number of entries, written without leading zeros. Raises Malformed."""
    if not (text.isascii() and text.isdecimal()) or (text != "0" and text[0] == "0") or len(text) > 19:
        raise Malformed("a size is a decimal number without leading zeros")
    if int(text) > SIZE_MAX:
        raise Malformed("a size is below 2^63")
    return int(text)


def opened(data: bytes, *logs: Key) -> tuple[Checkpoint, Note]:
    """A checkpoint that the log it names signed, which is one of ``logs``. Raises Malformed, NotProved."""
    note = notes.parse(data)
    signed = note.signed_by(logs)
    if not signed:
        raise NotProved(f"the log's own signature ({_names(logs)}) is missing")
    checkpoint = parse_text(note.text)
    if checkpoint.origin not in {log.name for log in signed}:
        raise NotProved(f"this is a checkpoint of {checkpoint.origin}, not of {_names(signed)}")
    return checkpoint, note


def _names(logs: Iterable[Key]) -> str:
    return ", ".join(dict.fromkeys(log.name for log in logs))
