"""Imported histories in the privacy table (keys: ``privacy/repository.py``)."""

from collections.abc import Sequence

from puhui.kernel.errors import IdempotencyKeyReused
from puhui.privacy.errors import ImportedBefore
from puhui.privacy.imports.model import Act, Import
from puhui.store.client import DynamoDB
from puhui.store.conditions import AlreadyExists, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session

IMPORT = Record(Import, owner="member:{member_id}", entry="I#{source_id}")
ACT = Record(Act)


class Imports:
    """Histories from elsewhere: one for each account there, to one member here."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    def add(self, imported: Import, acts: Sequence[Act]) -> None:
        """Keep a history: the source is claimed first, then acts are written, and the sums last, so that a run that died is finished by the
        same one again. Raises ImportedBefore for another export of the same account, or another member."""
        claim = f"{imported.member_id}:{imported.manifest_sha256}"
        session = Session(self.dynamodb)
        source = {"owner": f"source:{imported.source_id}", "entry": "source", "body_hash": claim}
        session.put(self.table, source, unless="entry", error=SameRequest(body_hash=claim))
        try:
            session.commit()
        except AlreadyExists:
            pass
        except IdempotencyKeyReused:
            raise ImportedBefore from None
        owner = f"member:{imported.member_id}"
        self.dynamodb.put_all(
            self.table,
            [{"owner": owner, "entry": f"H#{imported.source_id}#{act.id}", **ACT.item(act)} for act in acts],
        )
        self.dynamodb.put_all(self.table, [IMPORT.item(imported)])

    def find(self, member_id: str, source_id: str) -> Import | None:
        """What was imported of an account to a member."""
        item = self.dynamodb.get(self.table, IMPORT.key(member_id=member_id, source_id=source_id))
        return IMPORT.read(item) if item else None

    def of(self, member_id: str) -> list[Import]:
        """All histories of a member."""
        items = self.dynamodb.all_entries(self.table, ("owner", f"member:{member_id}"), "I#")
        return [IMPORT.read(item) for item in items]

    def acts(
        self, member_id: str, source_id: str, limit: int, after: str | None
    ) -> tuple[list[Act], str | None]:
        """A page of a history's acts, by id, and the last one's id when there may be more."""
        owner = ("owner", f"member:{member_id}")
        items, last = self.dynamodb.entries(self.table, owner, f"H#{source_id}#", limit=limit, after=after)
        return [ACT.read(item) for item in items], last
