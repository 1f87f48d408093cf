"""What becomes of an erased member in the ledger: nothing that would change a sum.

Transfers, balances and holds stay, under an id that names nobody any more: the books have to add up for ever, and tonnes that were
pooled or sold stay what they are. What the member said about selling (the entrustment) goes, and with it the right to sell: credits
that the member still held stay on the account, counted once, and nobody may ever sell or spend them. Points were ended before
(``points.erasing``), and what was promised to acts was voided with them (``activities.erasing``).
"""

from collections.abc import Mapping
from datetime import datetime

from puhui.ledger.dynamo import ENTRUSTED, Ledger
from puhui.ledger.model import member


def erase_member(member_id: str, now: datetime, *, ledger: Ledger) -> Mapping[str, int]:  # noqa: ARG001 the same everywhere
    """Take back the right to sell. Again changes nothing."""
    ledger.dynamodb.delete_all(ledger.table, [{"account": member(member_id), "entry": ENTRUSTED}])
    return {"entrustments": 1}
