"""The merchants' bucket: documents are uploaded to one prefix, and kept under another once they were handed in."""

import os
from collections.abc import Iterator
from typing import Any

from puhui.merchants.errors import DocumentChanged, DocumentMissing
from puhui.merchants.model import Document, is_announced
from puhui.store.uploads import UploadBucket

CHUNK_BYTES = 1 << 20


class DocumentBucket(UploadBucket):
    """Uploads at ``uploads/<member>/<document>``, cleared after some days; what was handed in at ``documents/...``, cleared
    likewise unless it is claimed."""

    @classmethod
    def from_environment(cls) -> "DocumentBucket":
        """The bucket that MERCHANT_DOCUMENTS_BUCKET names."""
        return cls(os.environ["MERCHANT_DOCUMENTS_BUCKET"])

    def take(self, document: Document) -> None:
        """Keep what was uploaded, when it is what was announced; a document that is kept already stays as it is.

        The copy is of the very version that was read: whoever uploads something else meanwhile gains nothing.
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
