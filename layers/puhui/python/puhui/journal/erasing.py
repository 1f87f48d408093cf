"""What becomes of an erased member in the journal: the key of the member's stream and all payloads are destroyed, so that nobody can open
what the entries commit to; the entries stay, and every proof with them. See ``usecases.erase``."""

from collections.abc import Mapping
from datetime import datetime

from puhui.journal.dynamo import Journal
from puhui.journal.usecases import erase
from puhui.ledger import api as ledger

REASON = "account erased"


def erase_member(member_id: str, now: datetime, *, journal: Journal, pepper: bytes) -> Mapping[str, int]:
    """Destroy what opens the member's entries. Again finishes what was left."""
    return erase(ledger.member(member_id), REASON, journal=journal, pepper=pepper, now=now)
