"""Files that members upload, and pictures that others see. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from puhui.merchants.errors import NotAPicture

PICTURE = "picture"
PASSED, PENDING = "pass", "pending"  # the platform's verdicts; others: review, risky, error
DOCUMENT_LIFE = timedelta(days=30)  # of an announced document that no application names


@dataclass(frozen=True)
class Document:
    """A file that a member announced. ``trace_id``: the platform's id of its check, for a submitted picture."""

    id: str
    member_id: str
    kind: str
    content_type: str
    size: int
    sha256: str
    trace_id: str = ""

    def require_picture(self) -> None:
        """Raise NotAPicture unless it was announced as one and its type is an image's."""
        if self.kind != PICTURE or not self.content_type.startswith("image/"):
            raise NotAPicture(document_id=self.id)

    @property
    def upload_key(self) -> str:
        """Where the member uploads it. Who has the form can write there; the bucket's rule removes it after some days."""
        return f"uploads/{self.member_id}/{self.id}"

    @property
    def object_key(self) -> str:
        """Where it is kept once it was submitted. Nobody outside can write there."""
        return f"documents/{self.member_id}/{self.id}"


@dataclass(frozen=True)
class Picture:
    """A member's picture that another context publishes: where it is kept, and the platform's id of its check. Both are empty until
    it was submitted (``api.Pictures``)."""

    document_id: str
    object_key: str = ""
    trace_id: str = ""


@dataclass(frozen=True)
class PictureState:
    """``state``: pending, passed or refused; ``url``: where to fetch it for an hour, empty unless it passed."""

    state: str
    url: str = ""


SIGNATURES = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "application/pdf": b"%PDF-"}


def is_announced(document: Document, chunks: Iterable[bytes]) -> bool:
    """Whether a file is the one that was announced: type by its first bytes, size, SHA-256."""
    digest, size, head = hashlib.sha256(), 0, b""
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        head = head or chunk[:8]
    same_type = head.startswith(SIGNATURES[document.content_type])
    return same_type and (size, digest.hexdigest()) == (document.size, document.sha256)
