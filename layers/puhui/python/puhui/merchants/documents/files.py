"""The merchants' bucket: documents are uploaded to one prefix and copied to another when they are submitted."""

import os
from collections.abc import Iterator
from typing import Any

from puhui.merchants.documents.model import Document, is_announced
from puhui.merchants.errors import DocumentChanged, DocumentMissing
from puhui.store.uploads import UploadBucket

CHUNK_BYTES = 1 << 20


class DocumentBucket(UploadBucket):
    """Uploads at ``uploads/<member>/<document>``, removed after some days; submitted copies at ``documents/...``, removed
    likewise unless they are claimed."""

    @classmethod
    def from_environment(cls) -> "DocumentBucket":
        """The bucket that MERCHANT_DOCUMENTS_BUCKET names."""
        return cls(os.environ["MERCHANT_DOCUMENTS_BUCKET"])

    def take(self, document: Document) -> None:
        """Copy what was uploaded, if it is what was announced. An existing copy is not changed.

        The copied version is the one that was read: a second upload meanwhile changes nothing.
        Raises DocumentMissing, DocumentChanged.
        """
        if self.holds(document.object_key):
            return
        with self.opened(document.upload_key) as found:
            if found is None:
                raise DocumentMissing(document_id=document.id)
            if found.size != document.size or not is_announced(document, _chunks(found.body)):
                raise DocumentChanged(document_id=document.id)
            etag = found.etag
        if not self.keep(document.upload_key, document.object_key, etag):
            raise DocumentChanged(document_id=document.id)


def _chunks(body: Any) -> Iterator[bytes]:
    while chunk := body.read(CHUNK_BYTES):
        yield chunk
