"""Receipts (c2sp.org/tlog-proof): everything that shows, off line, that an entry is in the log.

c2sp.org/tlog-proof@v1
index <number>
<base64 of a hash>, any number of lines
<empty line>
<the cosigned checkpoint>
"""

import base64
from dataclasses import dataclass

from puhui.tlog import checkpoints, notes
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import HASH_BYTES, PROOF_HASHES_MAX, check_inclusion
from puhui.tlog.policy import Policy

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class Receipt:
    """The proof for the entry at ``index``, and the checkpoint it leads to."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __str__(self) -> str:
        hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in self.proof)
        return f"{HEADER}\nindex {self.index}\n{hashes}\n{self.checkpoint.decode()}"


@dataclass(frozen=True)
class Proved:
    """What a receipt proves: the state of the log, and who cosigned it when (Unix seconds)."""

    checkpoint: Checkpoint
    cosigned: dict[str, int]


def parse(data: bytes) -> Receipt:
    """A receipt from its bytes; nothing is proved yet. Raises Malformed."""
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("the head of a receipt is ASCII") from None
    if not gap or lines[0] != HEADER:
        raise Malformed(f"a receipt begins with {HEADER}")
    rest = lines[1:]
    if rest and rest[0].startswith("extra "):
        notes.from_b64(rest.pop(0).removeprefix("extra "))
    if not rest or not rest[0].startswith("index "):
        raise Malformed("a receipt has a line with the entry's index")
    index = checkpoints.parse_size(rest[0].removeprefix("index "))
    proof = tuple(notes.from_b64(line) for line in rest[1:])
    if len(proof) > PROOF_HASHES_MAX or any(len(each) != HASH_BYTES for each in proof):
        raise Malformed("a proof consists of at most 63 hashes of 32 bytes")
    return Receipt(index, proof, checkpoint)


def opened(data: bytes, policy: Policy) -> Proved:
    """A checkpoint that the log signed and the policy's quorum cosigned. Raises Malformed, NotProved."""
    checkpoint, note = checkpoints.opened(data, *policy.logs)
    cosigned = policy.cosigned_by(note)
    if not policy.is_met_by(cosigned):
        who = ", ".join(cosigned) or "nobody"
        raise NotProved(
            f"the quorum {policy.quorum} has not cosigned the checkpoint of {checkpoint.size}: only {who}"
        )
    return Proved(checkpoint, cosigned)


def check(receipt: Receipt, leaf: bytes, policy: Policy) -> Proved:
    """What the receipt proves about the entry with this leaf hash. Raises Malformed, NotProved."""
    proved = opened(receipt.checkpoint, policy)
    check_inclusion(leaf, receipt.index, proved.checkpoint.size, receipt.proof, proved.checkpoint.root)
    return proved
