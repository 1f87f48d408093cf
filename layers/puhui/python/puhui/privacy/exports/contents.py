"""What is in an export, section by section, each from where it was left: (cursor, name, bytes) of its files, in the order of the cursors."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from puhui.activities import exporting as acts
from puhui.activities.api import Activities
from puhui.journal import exporting as proofs
from puhui.journal.api import Reader
from puhui.kernel import clock
from puhui.kernel.csv_file import csv_lines
from puhui.ledger import api as ledger
from puhui.members import exporting as account
from puhui.members.api import Members
from puhui.privacy.exports.readme import README

CHUNK_BYTES = 1 << 16
LINES_AT_ONCE = 1 << 16  # bytes
TRANSFERS: tuple[str, ...] = ("id", "at", "kind", "reference", "account", "asset", "amount", "lot")
File = tuple[str, str, Iterable[bytes]]
Section = Callable[[str | None], Iterator[File]]


class Pictures(Protocol):
    """Where pictures are kept: a bucket."""

    def opened(self, object_key: str) -> AbstractContextManager[Any]:
        """What lies there, within the block; None when nothing does."""


@dataclass(frozen=True)
class Sources:
    """What an export is put together from. ``now``: what ends by then is not in it."""

    members: Members
    activities: Activities
    ledger: ledger.Ledger
    reader: Reader
    pictures: Pictures
    now: datetime


def sections(member_id: str, sources: Sources) -> Mapping[str, Section]:
    """The sections in their order; the manifest comes after all of them."""
    own = ledger.member(member_id)
    return {
        "readme": _single("README.txt", lambda: [README.encode()]),
        "profile": _single("profile.json", lambda: [_json(_profile(member_id, sources))]),
        "consents": _single(
            "consents.json", lambda: [_json(account.consents(member_id, members=sources.members))]
        ),
        "activities": _single(
            "activities.jsonl",
            lambda: _packed(_line(act) for act in acts.acts(member_id, activities=sources.activities)),
        ),
        "transfers": _single(
            "transfers.csv",
            lambda: _packed(line.encode() for line in csv_lines(_transfers(own, sources.ledger))),
        ),
        "receipts": lambda after: _receipts(own, after, sources.reader),
        "tracks": lambda after: (
            (cursor, f"tracks/{name}", chunks)
            for cursor, name, chunks in acts.tracks(
                member_id, after, sources.now, activities=sources.activities
            )
        ),
        "photos": lambda after: _photos(member_id, after, sources),
    }


def _single(name: str, chunks: Callable[[], Iterable[bytes]]) -> Section:
    def section(after: str | None) -> Iterator[File]:
        if after is None:
            yield name, name, chunks()

    return section


def _profile(member_id: str, sources: Sources) -> dict[str, Any]:
    profile = account.profile(member_id, members=sources.members)
    places = acts.places(member_id, activities=sources.activities)
    balances = [
        {"programme_id": each.unit, **each.amounts}
        for each in sources.ledger.balances(ledger.member(member_id))
    ]
    return profile | places | {"balances": balances, "journal": sources.reader.journal.origin}


def _transfers(own: str, books: ledger.Ledger) -> Iterator[tuple[str | int, ...]]:
    """A row a leg. Other people's accounts are shown by their kind."""
    yield TRANSFERS
    for posted in books.statement(own):
        for leg in posted.legs:
            seen = leg.account if leg.account == own or not ledger.is_limited(leg.account) else ""
            kind = seen or leg.account.partition(":")[0]
            at = clock.to_text(posted.at)
            yield posted.id, at, posted.kind, posted.reference, kind, leg.asset, leg.amount, leg.lot


def _receipts(own: str, after: str | None, reader: Reader) -> Iterator[File]:
    """Two files an entry; the cursor moves with the second, so that both are there or written again."""
    for proof in proofs.proofs(own, after, reader):
        yield "", f"receipts/{proof.entry_id}.txt", [proof.receipt.encode()]
        yield proof.entry_id, f"revisions/{proof.entry_id}.json", [proof.revision.encode()]


def _photos(member_id: str, after: str | None, sources: Sources) -> Iterator[File]:
    for cursor, name, evidence in acts.pictures(member_id, after, activities=sources.activities):
        with sources.pictures.opened(evidence.object_key) as found:
            if found is not None:
                yield cursor, f"photos/{name}", _read(found.body)


def _read(body: Any) -> Iterator[bytes]:
    while chunk := body.read(CHUNK_BYTES):
        yield chunk


def _packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines in chunks that are worth packing."""
    part = bytearray()
    for line in lines:
        part += line
        if len(part) >= LINES_AT_ONCE:
            yield bytes(part)
            part.clear()
    yield bytes(part)


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode() + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str).encode() + b"\n"
