"""What is said between a log and a witness (c2sp.org/tlog-witness): the body of ``POST <witness>/add-checkpoint``."""

import base64
from dataclasses import dataclass

from puhui.tlog import checkpoints, notes
from puhui.tlog.errors import Malformed
from puhui.tlog.merkle import HASH_BYTES, PROOF_HASHES_MAX

SIZE_TYPE = "text/x.tlog.size"
BODY_BYTES_MAX = 128 * 1024  # room for 16 signatures of 5 kB, which all must accept, and a proof


@dataclass(frozen=True)
class AddCheckpoint:
    """A checkpoint, and the proof that it extends the tree of ``old`` entries that the witness saw last."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in self.proof)
        return f"old {self.old}\n{hashes}\n".encode() + self.checkpoint


def parse(body: bytes) -> AddCheckpoint:
    """A request from its bytes. Raises Malformed."""
    head, gap, checkpoint = body.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("the head of the request is ASCII") from None
    if not gap or not lines[0].startswith("old "):
        raise Malformed("the request begins with a line that tells the old size")
    old = checkpoints.parse_size(lines[0].removeprefix("old "))
    proof = tuple(notes.from_b64(line) for line in lines[1:])
    if len(proof) > PROOF_HASHES_MAX or any(len(each) != HASH_BYTES for each in proof):
        raise Malformed("a proof consists of at most 63 hashes of 32 bytes")
    return AddCheckpoint(old, proof, checkpoint)
