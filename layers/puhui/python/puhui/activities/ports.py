"""What the use cases need from outside: built once per function, from environment variables."""

from dataclasses import dataclass
from typing import Any, Protocol

from puhui.activities.dynamo import Activities
from puhui.activities.model import Evidence, Picture
from puhui.ledger.api import Ledger


@dataclass(frozen=True)
class Books:
    """The two tables a credited act is written to."""

    activities: Activities
    ledger: Ledger

    @classmethod
    def from_environment(cls) -> "Books":
        """The tables that ACTIVITIES_TABLE and LEDGER_TABLE name."""
        return cls(Activities.from_environment(), Ledger.from_environment())


class EvidenceStore(Protocol):
    """Where pictures lie."""

    def upload(
        self, object_key: str, content_type: str, size: int, sha256: str, seconds: int, /
    ) -> dict[str, Any]:
        """``{"url", "fields"}`` of a presigned POST for exactly this object."""

    def address(self, object_key: str, seconds: int, /) -> str:
        """An address from which the picture can be fetched for a while."""

    def take(self, evidence: Evidence, /) -> Picture | None:
        """Keep what was uploaded, where no form can write, and look at what is kept; None when nothing came."""
