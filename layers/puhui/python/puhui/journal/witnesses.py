"""Asking a witness for its cosignature (c2sp.org/tlog-witness) over HTTP."""

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from puhui.tlog import checkpoints, notes
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.notes import Note, Signature
from puhui.tlog.policy import Witness
from puhui.tlog.tiles import Tree
from puhui.tlog.witnessing import AddCheckpoint

TIMEOUT_SECONDS = 5
ANSWER_BYTES_MAX = 128 * 1024
COSIGNED, CONFLICT, REFUSED = 200, 409, 422

Post = Callable[[str, bytes], tuple[int, bytes]]  # (url, body) to (status, body); raises OSError


@dataclass(frozen=True)
class Asked:
    """How a witness answered. ``outcome``: cosigned, ahead, refused (it saw another log: alarm), or failed.
    ``size``: what it saw last, as far as this knows."""

    witness: Witness
    outcome: str
    size: int = 0
    signature: Signature | None = None
    detail: str = ""


def ask(witness: Witness, seen: int, note: Note, checkpoint: Checkpoint, tree: Tree, post: Post) -> Asked:
    """Ask for a cosignature on ``note``, from the size that the witness saw last; when it has seen another one, ask once more."""
    for _ in range(2):
        if seen > checkpoint.size:
            return Asked(witness, "ahead", seen)
        proof = tree.consistency_proof(seen)
        body = bytes(AddCheckpoint(seen, tuple(proof), str(note).encode()))
        try:
            status, answer = post(f"{witness.url}/add-checkpoint", body)
        except (OSError, http.client.HTTPException) as error:
            return Asked(witness, "failed", seen, detail=type(error).__name__)
        if status == COSIGNED:
            return _cosigned(witness, note, checkpoint, answer)
        if status == REFUSED:
            return Asked(witness, "refused", seen, detail="the witness saw another log")
        if status != CONFLICT:
            return Asked(witness, "failed", seen, detail=f"status {status}")
        try:
            seen = checkpoints.parse_size(answer.decode("ascii", "replace").strip())
        except Malformed:
            return Asked(witness, "failed", seen, detail="409 without a size")
    return Asked(witness, "failed", seen, detail="409 twice")


def _cosigned(witness: Witness, note: Note, checkpoint: Checkpoint, answer: bytes) -> Asked:
    """The witness's own signature among those it sent, once it has been checked."""
    try:
        for signature in notes.signatures_of(answer.decode()):
            if (signature.name, signature.key_id) == (witness.key.name, witness.key.id):
                if not witness.key.check(note.text, signature.body):
                    return Asked(witness, "failed", detail="its cosignature has no time")
                return Asked(witness, "cosigned", checkpoint.size, signature)
    except (Malformed, NotProved, UnicodeDecodeError) as error:
        return Asked(witness, "failed", detail=str(error)[:200])
    return Asked(witness, "failed", detail="its signature is not among those it sent")


def post(url: str, body: bytes) -> tuple[int, bytes]:
    """One POST with a time-out. Raises OSError or HTTPException."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "text/plain; charset=utf-8"})
        response = connection.getresponse()
        return response.status, response.read(ANSWER_BYTES_MAX)
    finally:
        connection.close()
