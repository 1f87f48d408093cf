"""What the use cases need from outside: built once per function, from environment variables."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from puhui.members.api import Members
from puhui.merchants.documents.model import Document
from puhui.merchants.repositories import Merchants
from puhui.wechat.api import WeChat


class DocumentStore(Protocol):
    """The bucket of documents: ``documents.files.DocumentBucket``."""

    def upload(
        self, object_key: str, content_type: str, size: int, sha256: str, seconds: int, /
    ) -> dict[str, Any]:
        """``{"url", "fields"}`` of a presigned POST for exactly this object."""

    def address(self, object_key: str, seconds: int, /) -> str:
        """An address from which a document can be fetched for a while."""

    def take(self, document: Document, /) -> None:
        """Copy what was uploaded; the copy goes after some days unless it is claimed. Raises DocumentMissing, DocumentChanged."""

    def claim(self, object_key: str, /) -> None:
        """Keep a copy for good."""


@dataclass(frozen=True)
class Dependencies:
    """What a submission needs: the tables, and the platform that checks it (connected when first needed)."""

    merchants: Merchants
    members: Members
    wechat: Callable[[], WeChat]
