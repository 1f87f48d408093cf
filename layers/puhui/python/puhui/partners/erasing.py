"""What becomes of an erased member's bindings: they end, and partners' accounts are bound to nobody. What a partner sends from then on
waits, and ends as never bound."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from puhui.partners.data_partners.binding import unbind
from puhui.partners.data_partners.bindings import Binding
from puhui.partners.data_partners.errors import BindingNotFound
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.session import Session


def erase_member(member_id: str, now: datetime, *, partners: DataPartners) -> Mapping[str, int]:
    """End every binding of a member; how many there were. Again changes nothing."""
    bindings = partners.bindings(member_id)
    for each in bindings:
        with suppress(BindingNotFound):
            unbind(member_id, each.partner_id, consent=_no_consent, partners=partners, now=now)
    return {"bindings": len(bindings)}


def _no_consent(_session: Session, _binding: Binding) -> None:
    """Consents are the members' context's to erase."""
