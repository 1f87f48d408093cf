"""What becomes of an erased member's bindings: they end, and partners' accounts are bound to nobody. What a partner sends from then on
waits, and ends as never bound."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from puhui.partners.data_partners.binding import unbind
from puhui.partners.data_partners.errors import BindingNotFound
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.session import attempt


def erase_member(member_id: str, now: datetime, *, partners: DataPartners) -> Mapping[str, int]:
    """End every binding of a member; how many there were. Again changes nothing."""
    bindings = partners.bindings(member_id)
    alone = partial(attempt, partners.dynamodb)
    for each in bindings:
        with suppress(BindingNotFound):  # consents are the members' context's to erase
            unbind(member_id, each.partner_id, consent=alone, partners=partners, now=now)
    return {"bindings": len(bindings)}
