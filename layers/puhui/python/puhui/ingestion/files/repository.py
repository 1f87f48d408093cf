"""Partners' files in the ingestion table.

| item | owner (hash)  | entry (range) | holds |
|------|---------------|---------------|-------|
| file | F#<file id>   | file          | what was announced and by which key, how far it is, totals |
"""

from puhui.ingestion.files.model import PartnerFile, Sums, Totals
from puhui.partners.webhooks.api import Webhooks
from puhui.store.client import DynamoDB
from puhui.store.conditions import AlreadyExists, OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session

SUMS = Record(Sums)
TOTALS = Record(Totals, inner={Sums: SUMS})
FILE = Record(
    PartnerFile,
    owner="F#{id}",
    entry="file",
    names={"partner_id": "partner"},
    always=("status", "run"),
    inner={Totals: TOTALS},
)


class Files:
    """Files of data partners."""

    def __init__(self, dynamodb: DynamoDB, table: str, webhooks: Webhooks) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.webhooks = webhooks

    def find(self, file_id: str) -> PartnerFile | None:
        """A file: one read."""
        item = self.dynamodb.get(self.table, FILE.key(id=file_id))
        return FILE.read(item) if item else None

    def add(self, file: PartnerFile) -> PartnerFile:
        """The file; the one that exists when it was announced before."""
        session = Session(self.dynamodb)
        session.put(self.table, FILE.item(file), unless="entry", error=_Announced())
        try:
            session.commit()
        except AlreadyExists as before:
            return FILE.read(before.details["item"])
        return file

    def put(self, session: Session, before: PartnerFile, after: PartnerFile) -> None:
        """Write a file over the one that was read, unless it went on meanwhile."""
        session.put(
            self.table,
            FILE.item(after),
            condition="#status = :status AND #run = :run",
            names={"#status": "status", "#run": "run"},
            values={":status": before.status, ":run": before.run},
            error=OptimisticLockFailed(),
        )


class _Announced(AlreadyExists):
    """The condition of an announcement: its id derives from all that it says, so that whoever has the id said the same."""

    def found(self, item: dict[str, object] | None) -> AlreadyExists:
        return AlreadyExists(item=item)
