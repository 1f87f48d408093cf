"""What anyone may ask of the journal, and what is submitted to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from puhui.journal import model, publication
from puhui.journal.dynamo import Journal
from puhui.journal.errors import (
    EntryNotFound,
    EventIdReused,
    NothingPublished,
    PublishedChanged,
    ReceiptNotReady,
    SizeNotPublished,
    StreamErased,
    Submitted,
)
from puhui.journal.model import ANCHOR, ERASURE, ERASURES, PUBLIC_TYPES, Event, Payload, Place
from puhui.journal.ports import Objects
from puhui.journal.sequencer import fetcher, unseal
from puhui.kernel import clock, ids
from puhui.store.session import Session
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.merkle import check_consistency, check_inclusion, leaf_hash
from puhui.tlog.notes import to_b64
from puhui.tlog.policy import Policy
from puhui.tlog.receipts import Receipt
from puhui.tlog.tiles import Tree

INDICES_AN_ERASURE = 1000  # one erasure entry names so many at most
RETRY_SECONDS = 2


@dataclass(frozen=True)
class Reader:
    """The journal as its readers see it. ``pepper`` names streams."""

    journal: Journal
    objects: Objects
    policy: Policy
    pepper: bytes = field(default=b"", repr=False)

    def published(self) -> tuple[Checkpoint, str]:
        """The published checkpoint and its text. Raises NothingPublished."""
        found = publication.published(self.objects, self.policy)
        if found is None:
            raise NothingPublished(retry_after=RETRY_SECONDS)
        return found

    def tree(self, size: int, stored: int | None = None) -> Tree:
        """The log as it was at ``size``, by the tiles of ``stored``."""
        return Tree(fetcher(self.objects), size, stored)


def get_digest(reader: Reader) -> dict[str, Any]:
    """The published digest in QLDB's shape, and the checkpoint that proves it. Raises NothingPublished."""
    checkpoint, text = reader.published()
    return {
        "digest": to_b64(checkpoint.root),
        "digest_tip_address": {"strand_id": checkpoint.origin, "sequence_no": checkpoint.size - 1},
        "checkpoint": text,
    }


def get_receipt(entry_id: str, reader: Reader) -> str:
    """The receipt of an entry (C2SP tlog-proof). Raises EntryNotFound, ReceiptNotReady."""
    place, checkpoint, text = _covered(entry_id, reader)
    tree = reader.tree(checkpoint.size)
    proof = tree.inclusion_proof(place.index)
    check_inclusion(tree.leaf(place.index), place.index, checkpoint.size, proof, checkpoint.root)
    return str(Receipt(place.index, tuple(proof), text.encode()))


def get_revision(entry_id: str, subject: str, reader: Reader) -> dict[str, Any]:
    """An entry with its proof; ``subject`` (an account, or "") also gets the opening of an entry about itself, and
    everybody that of a public one. Raises EntryNotFound, ReceiptNotReady."""
    place, checkpoint, _ = _covered(entry_id, reader)
    tree = reader.tree(checkpoint.size)
    leaf, proof = tree.entry(place.index), tree.inclusion_proof(place.index)
    check_inclusion(leaf_hash(leaf), place.index, checkpoint.size, proof, checkpoint.root)
    revision = {
        "entry_id": entry_id,
        "entry": to_b64(leaf),
        "index": place.index,
        "size": checkpoint.size,
        "root": to_b64(checkpoint.root),
        "proof": [to_b64(each) for each in proof],
    }
    public = place.type in PUBLIC_TYPES
    stream = place.stream if public else model.pseudonym(reader.pepper, subject) if subject else ""
    opening = opening_of(reader.journal, stream, entry_id) if stream else None
    return revision | ({"opening": opening} if opening else {})


def opening_of(journal: Journal, stream: str, entry_id: str) -> dict[str, Any] | None:
    """``{"salt", "event"}`` as the stream's subject keeps it; None when it does not, or no longer."""
    payload = journal.payload(stream, entry_id)
    return opened(payload, keys_of([payload], journal)) if payload else None


def keys_of(payloads: Iterable[Payload | None], journal: Journal) -> dict[str, bytes | None]:
    """The keys of all streams that these payloads are sealed with."""
    names = dict.fromkeys(
        name for payload in payloads if payload for name in payload.streams or (payload.stream,)
    )
    return {name: stream.key for name, stream in journal.streams(list(names)).items()}


def opened(payload: Payload, keys: dict[str, bytes | None]) -> dict[str, Any] | None:
    """``{"salt", "event"}`` of a payload; None when a key is gone."""
    known = [key for name in payload.streams or (payload.stream,) if (key := keys.get(name)) is not None]
    if len(known) < max(1, len(payload.streams)):
        return None
    key = model.joint_key(known)
    text = payload.event or unseal(payload.sealed, key, payload.entry_id)
    return {"salt": to_b64(model.salt(key, payload.entry_id)), "event": model.read_event(text)}


def get_consistency(old: int, new: int, reader: Reader) -> dict[str, Any]:
    """The proof that the log of ``new`` entries begins with that of ``old``. Raises SizeNotPublished."""
    checkpoint, _ = reader.published()
    if not 0 < old <= new <= checkpoint.size:
        raise SizeNotPublished(size=checkpoint.size)
    tree = reader.tree(new, checkpoint.size)
    proof, root, old_root = tree.consistency_proof(old), tree.root(), reader.tree(old, checkpoint.size).root()
    check_consistency(old, old_root, new, root, proof)
    return {
        "from": old,
        "to": new,
        "from_root": to_b64(old_root),
        "to_root": to_b64(root),
        "proof": [to_b64(each) for each in proof],
    }


def _covered(entry_id: str, reader: Reader) -> tuple[Place, Checkpoint, str]:
    place = reader.journal.place(entry_id)
    if place is None:
        raise EntryNotFound(retry_after=RETRY_SECONDS)
    try:
        checkpoint, text = reader.published()
    except NothingPublished:
        raise ReceiptNotReady(retry_after=RETRY_SECONDS) from None
    if checkpoint.size <= place.index:
        raise ReceiptNotReady(retry_after=RETRY_SECONDS)
    return place, checkpoint, text


# Submitting


def anchor_record(
    member_id: str, digest: str, key: str, *, journal: Journal, pepper: bytes, now: datetime
) -> dict[str, Any]:
    """Put a partner's digest (SHA-256, hex) on its way into the log, once for each idempotency key.

    Raises EventIdReused when the key was used for another digest.
    """
    subject = f"anchor:{model.pseudonym(pepper, f'anchor:{member_id}')}"
    body = {"subject": subject, "digest": digest, "algorithm": "sha-256"}
    event = Event(ids.key_id(ANCHOR, member_id, key), ANCHOR, clock.to_text(now), (subject,), body)
    at = _submit(event, journal=journal, pepper=pepper)
    return {"entry_id": event.id, "digest": digest, "at": at}


def record_publication(
    kind: str, name: str, version: str, content_hash: str, *, journal: Journal, pepper: bytes, now: datetime
) -> bool:
    """Put the content hash of a published version on its way into the log; whether it is new.

    Raises PublishedChanged when the journal knows another hash of this version.
    """
    event = _publication(kind, name, version, content_hash, now)
    try:
        return _submit(event, journal=journal, pepper=pepper) == event.at
    except EventIdReused:
        raise PublishedChanged(what=f"{name}@{version}") from None


def add_publication(
    session: Session,
    kind: str,
    name: str,
    version: str,
    content_hash: str,
    journal: Journal,
    pepper: bytes,
    now: datetime,
) -> None:
    """The same within the transaction that publishes the version."""
    event = _publication(kind, name, version, content_hash, now)
    journal.add_submission(session, event, model.pseudonym(pepper, event.subjects[0]))


def add_decision(
    session: Session,
    programme_id: str,
    about: str,
    number: int,
    decided: str,
    reason: str,
    journal: Journal,
    pepper: bytes,
    now: datetime,
) -> None:
    """Put what two people decided of a programme on its way into the log, within the transaction that makes it hold: a gate
    opened or closed, or the programme's end. Who they are is not in it."""
    subject = f"{model.PROGRAMME}:{programme_id}"
    body = {"subject": subject, "name": programme_id, "about": about, "decided": decided, "reason": reason}
    event_id = ids.key_id(model.DECIDED, programme_id, about, str(number))
    event = Event(event_id, model.DECIDED, clock.to_text(now), (subject,), body)
    journal.add_submission(session, event, model.pseudonym(pepper, subject))


def _publication(kind: str, name: str, version: str, content_hash: str, now: datetime) -> Event:
    subject = f"{kind}:{name}"
    body = {"subject": subject, "name": name, "version": version, "hash": content_hash}
    return Event(ids.key_id(kind, name, version), kind, clock.to_text(now), (subject,), body)


def _submit(event: Event, *, journal: Journal, pepper: bytes) -> str:
    """When the event was submitted: now, or the first time."""
    session = Session(journal.dynamodb)
    journal.add_submission(session, event, model.pseudonym(pepper, event.subjects[0]))
    try:
        session.commit()
    except Submitted as before:
        return str(before.details["at"])
    return event.at


def erase(subject: str, reason: str, *, journal: Journal, pepper: bytes, now: datetime) -> dict[str, int]:
    """Destroy a subject's key and payloads, and leave an erasure entry that names which entries cannot be opened any more.

    Every proof stays valid. Doing it again finishes what was left, and adds nothing. ``{"entries", "payloads"}``: how
    many entries were named, how many payloads destroyed.
    """
    stream = model.pseudonym(pepper, subject)
    entry_ids = list(journal.payload_ids(stream))
    indices = sorted(journal.indices(entry_ids).values())
    session = Session(journal.dynamodb)
    journal.add_erasure(session, stream, clock.to_text(now))
    for event in _erasures(stream, indices, reason, now):
        journal.add_submission(session, event, model.pseudonym(pepper, ERASURES))
    named = len(indices)
    try:
        session.commit()
    except StreamErased:
        named = 0
    journal.delete_payloads(stream, entry_ids)
    return {"entries": named, "payloads": len(entry_ids)}


def _erasures(stream: str, indices: list[int], reason: str, now: datetime) -> Iterable[Event]:
    for first in range(0, max(1, len(indices)), INDICES_AN_ERASURE):
        part = indices[first : first + INDICES_AN_ERASURE]
        body = {"subject": ERASURES, "indices": part, "reason": reason}
        yield Event(ids.key_id(ERASURE, stream, str(first)), ERASURE, clock.to_text(now), (ERASURES,), body)
