"""From the log's own signature to the published checkpoint: ask the witnesses, and publish once their quorum is met.

| an entry is | stored where                                   | next, by                                                        |
|-------------|------------------------------------------------|-----------------------------------------------------------------|
| staged      | payloads, ``staging/...``                      | in the log: the head's one conditional write; or nothing counts |
| in the log  | head, then tiles, places, last leaves          | signed: ``sequencer``, once all of them are written             |
| signed      | ``signed`` in the table: size and note         | published: ``publish``, once the quorum has cosigned            |
| published   | ``checkpoint`` and ``checkpoints/<size>``      | final: a later checkpoint covers it, too                        |

Sizes only grow: published <= signed <= head. Anything else is JournalCorrupt, and the journal stops.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from puhui.journal import witnesses
from puhui.journal.dynamo import at_once
from puhui.journal.errors import HeadRolledBack
from puhui.journal.ports import Objects, Table
from puhui.journal.sequencer import fetcher
from puhui.journal.witnesses import Asked, Post
from puhui.store.objects import Found
from puhui.tlog import checkpoints
from puhui.tlog.notes import Note
from puhui.tlog.policy import Policy, Witness
from puhui.tlog.tiles import Tree

CHECKPOINT, POLICY, TEXT = "checkpoint", "policy", "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Published:
    """``size``: of the checkpoint that is published now. ``asked``: how the witnesses answered."""

    size: int
    new: bool
    asked: list[Asked]


def publish(
    policy: Policy,
    text: str,
    *,
    table: Table,
    objects: Objects,
    lock_until: Callable[[str], datetime | None],
    post: Post = witnesses.post,
) -> Published:
    """Publish the latest signed checkpoint with the witnesses' cosignatures, unless it or a later one is published.

    Without a quorum nothing is published; the next call asks again. A checkpoint never takes the place of a larger one.
    ``text`` is the policy's own, published beside it. Raises HeadRolledBack when the published one is ahead of what was
    signed.
    """
    _, size, signed = table.head()
    existing = objects.get(CHECKPOINT)
    before = _size(existing, policy)
    if before > size:
        raise HeadRolledBack(detail=f"{before} entries are published, {size} were signed")
    if size == before:
        return Published(before, new=False, asked=[])
    checkpoint, note = checkpoints.opened(signed.encode(), *policy.logs)
    tree = Tree(fetcher(objects), size)

    def ask(witness: Witness) -> Asked:
        return witnesses.ask(witness, table.witnessed(witness.name), note, checkpoint, tree, post)

    asked = at_once(ask, [witness for witness in policy.witnesses if witness.url])
    for one in asked:
        if one.size:
            table.put_witnessed(one.witness.name, one.size)
    cosigned = [one for one in asked if one.signature]
    if not policy.is_met_by([one.witness.name for one in cosigned]):
        return Published(before, new=False, asked=asked)
    signatures = [one.signature for one in cosigned if one.signature]
    body = str(Note(note.text, (*note.signatures, *signatures))).encode()
    archive = f"checkpoints/{size}"
    _put_policy(text, objects)
    objects.put_new(archive, body, TEXT, lock_until(archive))
    return Published(*_replace(body, size, existing, policy, objects), asked=asked)


def _replace(
    body: bytes, size: int, existing: Found | None, policy: Policy, objects: Objects
) -> tuple[int, bool]:
    """Put the checkpoint where only smaller ones were: the size in the end, and whether it is new."""
    while True:
        if objects.replace(CHECKPOINT, body, TEXT, existing.etag if existing else None):
            return size, True
        existing = objects.get(CHECKPOINT)
        if (now := _size(existing, policy)) >= size:
            return now, False


def _put_policy(text: str, objects: Objects) -> None:
    found = objects.get(POLICY)
    if found is None or found.body != text.encode():
        objects.replace(POLICY, text.encode(), TEXT, found.etag if found else None)


def _size(found: Found | None, policy: Policy) -> int:
    if found is None:
        return 0
    return checkpoints.opened(found.body, *policy.logs)[0].size


def published(objects: Objects, policy: Policy) -> tuple[checkpoints.Checkpoint, str] | None:
    """The published checkpoint and its note's text; None before the first. Raises tlog's errors when it was changed."""
    found = objects.get(CHECKPOINT)
    if found is None:
        return None
    checkpoint, _ = checkpoints.opened(found.body, *policy.logs)
    return checkpoint, found.body.decode()
