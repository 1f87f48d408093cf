"""Evidence as pure values: what a member announced, and what was found in the file."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True)
class Evidence:
    """A picture that a member announced, and where it is kept. ``used_by``: the activity that it belongs to."""

    id: str
    member_id: str
    content_type: str
    size: int
    sha256: str
    prepared_at: datetime
    body_hash: str = ""
    used_by: str = ""

    @property
    def upload_key(self) -> str:
        """Where the member uploads it: open to whoever has the form."""
        return f"uploads/{self.member_id}/{self.id}"

    @property
    def object_key(self) -> str:
        """Where it is kept after its inspection: nobody outside can write there."""
        return object_key(self.member_id, self.id)


def object_key(member_id: str, evidence_id: str) -> str:
    """Where inspected evidence is kept."""
    return f"evidence/{member_id}/{evidence_id}"


class Picture(NamedTuple):
    """What was found in a file. ``content_type`` is what it begins as, "" when that is none of the three types; ``reason_code`` is ""
    when it could be read. ``prints``, ``wanted`` and ``flat``: see ``perceptual_hash.Likeness``."""

    content_type: str
    sha256: str
    size: int
    width: int
    height: int
    reason_code: str = ""
    prints: tuple[int, ...] = ()
    wanted: tuple[int, ...] = ()
    flat: bool = False
    animated: bool = False
