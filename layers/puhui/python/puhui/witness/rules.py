"""What a witness decides about a checkpoint, as a function of what it saw last. Nothing here reads or writes."""

from dataclasses import dataclass
from enum import Enum

from puhui.tlog import checkpoints, notes
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import EMPTY_ROOT, check_consistency
from puhui.tlog.notes import Key, Note
from puhui.tlog.witnessing import AddCheckpoint


class Evidence(Enum):
    """What a refused checkpoint may show about its log. A split view convicts the log; a bad proof alone does not,
    because whoever has the signed checkpoint can send a bad proof with it."""

    SPLIT_VIEW = "split-view"
    BAD_PROOF = "bad-proof"


@dataclass(frozen=True)
class Accepted:
    """To be cosigned: the checkpoint, and its note with the log's own signature and no other."""

    checkpoint: Checkpoint
    note: Note


@dataclass(frozen=True)
class Finding:
    """What speaks against a log: the note that it signed (with its own signature and no other), the size in it, and
    the request it came in."""

    kind: Evidence
    note: Note
    size: int
    request: AddCheckpoint


@dataclass(frozen=True)
class Refused:
    """Not to be cosigned: the HTTP status, why, the claimed size as far as it is known, and what to keep."""

    status: int
    why: str
    size: int | None = None
    finding: Finding | None = None


def origin_of(request: AddCheckpoint) -> str:
    """The log that the request claims to come from; nothing is checked but the form. Raises Malformed."""
    return _read(request.checkpoint)[0].origin


def decide(seen: Checkpoint | None, request: AddCheckpoint, log: Key) -> Accepted | Refused:
    """Whether to cosign, given the checkpoint of ``log`` that was cosigned last (None: never one).

    The checks come in the order of the specification: form, origin, signature, sizes, root and proof.
    """
    try:
        claimed, note = _read(request.checkpoint)
    except Malformed as error:
        return Refused(400, str(error))
    if claimed.origin != log.name:
        return Refused(404, f"this is no checkpoint of {log.name}", claimed.size)
    try:
        signed = log in note.signed_by([log])
    except NotProved as error:
        return Refused(403, str(error), claimed.size)
    if not signed:
        return Refused(403, f"the log's own signature ({log.name}) is missing", claimed.size)
    own = Note(
        note.text,
        tuple(each for each in note.signatures if (each.name, each.key_id) == (log.name, log.id))[:1],
    )
    return _compare(seen or Checkpoint(log.name, 0, EMPTY_ROOT), request, claimed, own)


def _compare(last: Checkpoint, request: AddCheckpoint, claimed: Checkpoint, note: Note) -> Accepted | Refused:
    """The part of ``decide`` that comes after the signature."""
    # Two roots of one size convict the log whatever else is wrong with the request.
    split = claimed.size == last.size and claimed.root != last.root
    found = Finding(Evidence.SPLIT_VIEW, note, claimed.size, request) if split else None
    if request.old > claimed.size:
        return Refused(400, f"the old size {request.old} is above the checkpoint's", claimed.size, found)
    if request.old != last.size:
        return Refused(409, f"the size cosigned last is {last.size}", claimed.size, found)
    try:
        check_consistency(last.size, last.root, claimed.size, claimed.root, request.proof)
    except NotProved as error:
        if 0 < request.old < claimed.size:
            found = Finding(Evidence.BAD_PROOF, note, claimed.size, request)
        return Refused(422, str(error), claimed.size, found)
    return Accepted(claimed, note)


def _read(data: bytes) -> tuple[Checkpoint, Note]:
    """A checkpoint that nobody has vouched for yet. Raises Malformed.

    The empty tree with a wrong root is let through here: the specification wants the signature looked at first, and
    then another status than that of a wrong form.
    """
    note = notes.parse(data)
    lines = note.text.split("\n")
    if lines[1:2] != ["0"]:
        return checkpoints.parse_text(note.text), note
    shape = checkpoints.parse_text("\n".join([lines[0], "1", *lines[2:]]))
    return Checkpoint(shape.origin, 0, shape.root), note
