"""What is to be recorded, as a member or a data partner says it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.activities.acts.model import Activity, PartnerRecord


@dataclass(frozen=True)
class RecordActivity:
    """What a member reports, or a data partner (``source``) of a member. ``key`` is the client's idempotency key, ``track`` and
    ``meter`` are the contract's, ``device`` a hash of what the client calls its device, ``address`` where it sends from."""

    member_id: str
    programme_id: str
    behaviour: str
    occurred_at: datetime
    quantity: Mapping[str, Any]
    evidence_ids: Sequence[str]
    key: str | None
    body_hash: str
    ended_at: datetime | None = None
    source: PartnerRecord | None = None
    track: Mapping[str, Any] | None = None
    meter: Mapping[str, Any] | None = None
    device: str = ""
    address: str = ""
    trial: bool = False  # answer what it would give, and write nothing


class Tried(Exception):
    """What a trial would have written."""

    def __init__(self, activity: Activity) -> None:
        super().__init__()
        self.activity = activity
