"""What the commands prove, as pure functions from bytes to findings. Each raises Malformed or NotProved otherwise."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from puhui.tlog import checkpoints, entries, merkle, notes, receipts, tiles
from puhui.tlog.entries import Entry
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.policy import NO_QUORUM, Policy
from puhui.tlog.tiles import Tree

TYPES_MAX = 100  # an audit counts in constant memory
OTHER_TYPES = "..."


@dataclass(frozen=True)
class State:
    """A state of the log that the log signed, and which witnesses cosigned it when (Unix seconds)."""

    log: str
    size: int
    root: bytes
    cosigned: Mapping[str, int]
    quorum: str
    quorum_met: bool

    @property
    def needs_nobody(self) -> bool:
        """Whether the policy asks for no cosignatures at all."""
        return self.quorum == NO_QUORUM


@dataclass(frozen=True)
class InLog:
    """An entry is at ``index`` of the log. ``entry`` is None when only its hash is known or it is none of ours."""

    index: int
    state: State
    entry: Entry | None
    hash_only: bool = False


@dataclass(frozen=True)
class Opened:
    """``event`` is what ``entry`` commits to, and that is in the tree with this root, by the revision at ``index`` among
    ``size``: a root alone does not bind these two. ``in_log`` is what the receipt proved, None when there was none."""

    entry: Entry
    event: Mapping[str, Any]
    index: int
    size: int
    root: bytes
    in_log: InLog | None


@dataclass(frozen=True)
class Extended:
    """``new`` contains all of ``old``, unchanged."""

    old: State
    new: State


@dataclass(frozen=True)
class Audited:
    """Every entry and every tile lead to the checkpoint. ``types`` counts entries."""

    state: State
    types: Mapping[str, int]
    own_policy: bool  # the policy came from the log itself


def signed_state(checkpoint: bytes, policy: Policy) -> State:
    """A state that the log signed, whoever cosigned it."""
    found, note = checkpoints.opened(checkpoint, *policy.logs)
    cosigned = policy.cosigned_by(note)
    return State(found.origin, found.size, found.root, cosigned, policy.quorum, policy.is_met_by(cosigned))


def cosigned_state(checkpoint: bytes, policy: Policy) -> State:
    """A state that the log signed and the policy's quorum cosigned."""
    proved = receipts.opened(checkpoint, policy)
    found = proved.checkpoint
    return State(found.origin, found.size, found.root, proved.cosigned, policy.quorum, quorum_met=True)


def check_receipt(data: bytes, leaf_hash: bytes, leaf: bytes | None, policy: Policy) -> InLog:
    """The receipt proves that the entry with this leaf hash is in the log; ``leaf`` is the entry when it is known."""
    receipt = receipts.parse(data)
    receipts.check(receipt, leaf_hash, policy)
    state = cosigned_state(receipt.checkpoint, policy)
    return InLog(receipt.index, state, _entry(leaf), hash_only=leaf is None)


def check_opening(revision: bytes, evidence: tuple[bytes, Policy] | None) -> Opened:
    """The revision's event is what its entry commits to, and the entry is in the tree; with a receipt and a policy
    as ``evidence`` also that this entry at this place is in the log."""
    fields = _Fields(revision, "revision")
    leaf, index, size, root = (
        fields.data("entry"),
        fields.number("index"),
        fields.number("size"),
        fields.data("root"),
    )
    entry = entries.parse(leaf)
    if fields.text("entry_id") != entry.id:
        raise NotProved(f"the revision is of {fields.text('entry_id')}, its entry is {entry.id}")
    event = _check_event(entry, fields)
    merkle.check_inclusion(merkle.leaf_hash(leaf), index, size, fields.hashes("proof"), root)
    in_log = None
    if evidence:
        in_log = check_receipt(evidence[0], merkle.leaf_hash(leaf), leaf, evidence[1])
        _check_same_place(index, size, root, in_log)
    return Opened(entry, event, index, size, root, in_log)


def check_consistency(old: State, new: State, proof: Sequence[bytes]) -> Extended:
    """The proof shows that the tree of ``old`` is the beginning of the one of ``new``."""
    require_growth(old, new)
    merkle.check_consistency(old.size, old.root, new.size, new.root, proof)
    return Extended(old, new)


def require_growth(old: State, new: State) -> None:
    """Raise NotProved when the old checkpoint is of a larger tree than the new one."""
    if old.size > new.size:
        raise NotProved(
            f"the old checkpoint has {old.size} entries and the new one {new.size}: are the two swapped?"
        )


def proof_between(data: bytes, old: State, new: State) -> list[bytes]:
    """The proof in an answer of GET /journal/consistency, once it is about these two states."""
    fields = _Fields(data, "consistency proof")
    sizes = fields.number("from"), fields.number("to")
    if sizes != (old.size, new.size):
        raise NotProved(
            f"the proof is about {sizes[0]} and {sizes[1]} entries, the checkpoints about {old.size} and {new.size}"
        )
    if (fields.data("from_root"), fields.data("to_root")) != (old.root, new.root):
        raise NotProved("the proof is about other roots than the checkpoints'")
    return fields.hashes("proof")


def count_entries(tree: Tree, root: bytes, progress: Callable[[int], None]) -> dict[str, int]:
    """Read the whole log; how many entries there are of each type. ``progress`` is told how many were read so far."""
    types: dict[str, int] = {}
    for first, bundle in tiles.replay(tree, root):
        for index, leaf in enumerate(bundle, first):
            name = _type_of(leaf, index)
            if name not in types and len(types) >= TYPES_MAX:
                name = OTHER_TYPES
            types[name] = types.get(name, 0) + 1
        progress(first + len(bundle))
    return types


def _type_of(leaf: bytes, index: int) -> str:
    try:
        return entries.parse(leaf).type
    except Malformed as error:
        raise Malformed(f"entry {index}: {error}") from None


def _entry(leaf: bytes | None) -> Entry | None:
    try:
        return entries.parse(leaf) if leaf is not None else None
    except Malformed:
        return None  # a log may hold other things; that it is in the log is proved all the same


def _check_event(entry: Entry, fields: "_Fields") -> Mapping[str, Any]:
    if fields.absent("opening"):
        raise NotProved("the revision has no opening: what its entry commits to cannot be shown")
    opening = fields.inner("opening")
    event = opening.members("event")
    salt = opening.data("salt")
    if len(salt) != 32:
        raise Malformed(f"a salt has 32 bytes, not {len(salt)}")
    entries.check_opening(entry, salt, event)
    return event


def _check_same_place(index: int, size: int, root: bytes, in_log: InLog) -> None:
    if in_log.index != index:
        raise NotProved(f"the receipt is for entry {in_log.index}, the revision for entry {index}")
    if in_log.state.size == size and in_log.state.root != root:
        raise NotProved(f"two trees of {size} leaves have different roots: the log shows two faces")
    if in_log.state.size != size and in_log.state.root == root:
        raise NotProved(
            f"the revision's and the receipt's trees have one root, but {size} and {in_log.state.size} entries"
        )


class _Fields:
    """The fields of a JSON object, each of the form that is asked for. Raises Malformed."""

    def __init__(self, data: bytes | Mapping[str, Any], what: str) -> None:
        self._what = what
        self._value = _object(data, what) if isinstance(data, bytes) else data

    def absent(self, name: str) -> bool:
        return self._value.get(name) is None

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str):
            raise Malformed(f"the {self._what} has no text {name}")
        return value

    def number(self, name: str) -> int:
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= checkpoints.SIZE_MAX:
            raise Malformed(f"the {self._what} has no number {name}")
        return value

    def data(self, name: str) -> bytes:
        return notes.from_b64(self.text(name))

    def hashes(self, name: str) -> list[bytes]:
        value = self._value.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise Malformed(f"the {self._what} has no list {name}")
        return [notes.from_b64(each) for each in value]

    def members(self, name: str) -> dict[str, Any]:
        value = self._value.get(name)
        if not isinstance(value, dict):
            raise Malformed(f"the {self._what} has no object {name}")
        return value

    def inner(self, name: str) -> "_Fields":
        return _Fields(self.members(name), name)


def _object(data: bytes, what: str) -> Mapping[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed(f"the {what} is no JSON") from None
    if not isinstance(value, dict):
        raise Malformed(f"the {what} is no JSON object")
    return value
