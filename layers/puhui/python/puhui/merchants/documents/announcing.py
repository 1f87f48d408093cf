"""Announce a document before it is uploaded."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import ids
from puhui.merchants.dependencies import DocumentStore
from puhui.merchants.documents.model import PICTURE, Document
from puhui.merchants.repositories import Merchants
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session

UPLOAD_SECONDS = 900


def prepare_document(
    member_id: str,
    body: Mapping[str, Any],
    *,
    key: str | None,
    body_hash: str,
    merchants: Merchants,
    store: DocumentStore,
    now: datetime,
) -> tuple[Document, dict[str, Any], datetime]:
    """Announce a document: the document, its presigned form, and until when that works. The same key names the same document.

    Raises NotAPicture, IdempotencyKeyReused.
    """
    document_id = ids.key_id(member_id, "merchant-document", key) if key else ids.new_id(now)
    document = Document(
        document_id, member_id, body["kind"], body["content_type"], body["size"], body["sha256"]
    )
    if document.kind == PICTURE:
        document.require_picture()
    session = Session(merchants.dynamodb)
    merchants.documents.add(session, document, body_hash, now)
    with suppress(AlreadyExists):
        session.commit()
    upload = store.upload(
        document.upload_key, document.content_type, document.size, document.sha256, UPLOAD_SECONDS
    )
    return document, upload, now + timedelta(seconds=UPLOAD_SECONDS)
