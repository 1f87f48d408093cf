"""What other contexts may ask of data partners. A function that takes their signed requests needs PARTNERS_TABLE (GetItem, UpdateItem):

    partner = signer(sent(request), request.request_id, partners=DATA_PARTNERS, now=request.now)

``request`` is the edge's. The partner that comes back is active: ``partner.active_terms`` are those it sends by.
"""

from typing import Any

from puhui.partners.data_partners.bindings import WAIT, Account, Binding
from puhui.partners.data_partners.errors import DataPartnerNotFound, DataPartnerSuspended
from puhui.partners.data_partners.http_signatures import Sent
from puhui.partners.data_partners.model import DataPartner, Terms
from puhui.partners.data_partners.repository import ACCOUNT, DataPartners
from puhui.partners.data_partners.usecases import signer

__all__ = [
    "ACCOUNT",
    "WAIT",
    "Account",
    "Binding",
    "DataPartner",
    "DataPartnerNotFound",
    "DataPartnerSuspended",
    "DataPartners",
    "Sent",
    "Terms",
    "sent",
    "signer",
]


def sent(request: Any) -> Sent:
    """The request of ``edge.http`` as its sender has signed it."""
    return Sent(
        request.target.method,
        request.target.authority,
        request.target.path,
        request.target.query,
        request.headers,
        request.raw_body,
    )
