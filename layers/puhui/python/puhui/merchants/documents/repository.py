"""Announced documents in the merchants' table (keys: ``merchants/repository.py``)."""

from collections.abc import Sequence
from datetime import datetime

from puhui.kernel import clock
from puhui.merchants.documents.model import DOCUMENT_LIFE, Document
from puhui.merchants.errors import DocumentNotFound
from puhui.merchants.repository import Repository
from puhui.store.conditions import SameRequest
from puhui.store.records import Record
from puhui.store.session import Session

DOCUMENT = Record(Document, owner="member:{member_id}", entry="D#{id}")


class DocumentRepository(Repository):
    """Documents of members."""

    def add(self, session: Session, document: Document, body_hash: str, now: datetime) -> None:
        """Announce a document. Raises AlreadyExists, IdempotencyKeyReused."""
        item = DOCUMENT.item(document) | {
            "prepared": clock.to_text(now),
            "ends": int((now + DOCUMENT_LIFE).timestamp()),
            "body_hash": body_hash,
        }
        session.put(self.table, item, unless="entry", error=SameRequest(body_hash=body_hash))

    def find_all(self, member_id: str, document_ids: Sequence[str]) -> list[Document]:
        """The member's documents in this order, each once; one read. Raises DocumentNotFound, also for somebody else's."""
        wanted = list(dict.fromkeys(document_ids))
        keys = [self._key(DOCUMENT, member_id=member_id, id=each) for each in wanted]
        items = self.dynamodb.get_all(keys) if keys else []
        for document_id, item in zip(wanted, items, strict=True):
            if item is None:
                raise DocumentNotFound(document_id=document_id)
        return [DOCUMENT.read(item) for item in items if item]

    def claim_all(self, session: Session, documents: Sequence[Document]) -> None:
        """Keep the documents for good: an application names them. Raises DocumentNotFound."""
        for each in documents:
            session.update(
                *self._key(DOCUMENT, member_id=each.member_id, id=each.id),
                "REMOVE ends",
                condition="attribute_exists(entry)",
                error=DocumentNotFound(document_id=each.id),
            )
