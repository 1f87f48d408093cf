"""What a member takes along of the journal: of every entry about the member the receipt, and the revision that opens it."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from puhui.journal import model, usecases
from puhui.journal.errors import EntryNotFound, ReceiptNotReady
from puhui.journal.ports import Objects
from puhui.journal.usecases import Reader
from puhui.store.objects import Found

OBJECTS_KEPT = 256  # tiles of 8 KB and bundles of some 100 KB: next entries of a member often lie near


class Proof(NamedTuple):
    """An entry's receipt (C2SP tlog-proof) and its revision with the opening: ``puhui-verify opening`` checks the two together."""

    entry_id: str
    receipt: str
    revision: str


class Remembered:
    """The journal's bucket as it was: the checkpoint that was read first, so that all proofs lead to one, and the last tiles."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._found: OrderedDict[str, Found | None] = OrderedDict()

    def get(self, key: str) -> Found | None:
        """The object, as it was when it was read first."""
        if key not in self._found:
            self._found[key] = self._objects.get(key)
            if len(self._found) > OBJECTS_KEPT:
                oldest = next(each for each in self._found if each != "checkpoint")
                del self._found[oldest]
        else:
            self._found.move_to_end(key)
        return self._found[key]

    def put_new(self, key: str, body: bytes, content_type: str, lock_until: datetime | None = None) -> bool:
        """Readers write nothing."""
        raise NotImplementedError

    def replace(self, key: str, body: bytes, content_type: str, etag: str | None) -> bool:
        """Readers write nothing."""
        raise NotImplementedError


def proofs(subject: str, after: str | None, reader: Reader) -> Iterator[Proof]:
    """The proofs of a subject's entries from the one after ``after`` on, in the order of their ids. What no published checkpoint covers
    yet is left out: seconds old, or waiting for witnesses."""
    journal = reader.journal
    stream = model.pseudonym(reader.pepper, subject)
    for entry_id in journal.payload_ids(stream, after):
        try:
            receipt = usecases.get_receipt(entry_id, reader)
            revision = usecases.get_revision(entry_id, subject, reader)
        except (EntryNotFound, ReceiptNotReady):
            continue
        yield Proof(entry_id, receipt, json.dumps(revision, ensure_ascii=False, sort_keys=True))
