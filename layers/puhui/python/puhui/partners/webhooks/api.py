"""What other contexts may ask of webhooks: to tell a data partner something, in the transaction in which it happens.

    Webhooks.from_environment().add(session, new_event(partner_id, FILE_DONE, {"file_id": file.id}, at))

It needs PARTNERS_TABLE (PutItem). Whoever has no endpoint is told nothing, until there is one and the span is replayed.
"""

from puhui.partners.webhooks.model import (
    ACT_CREDITED,
    ACT_REFUSED,
    ACT_REVERSED,
    BINDING_REMOVED,
    FILE_DONE,
    Event,
    new_event,
)
from puhui.partners.webhooks.repository import Webhooks

__all__ = [
    "ACT_CREDITED",
    "ACT_REFUSED",
    "ACT_REVERSED",
    "BINDING_REMOVED",
    "FILE_DONE",
    "Event",
    "Webhooks",
    "new_event",
]
