"""What other contexts may ask of data partners. A function that takes their signed requests needs PARTNERS_TABLE (GetItem, UpdateItem) and
CALLBACK_BASE, the API's public address:

    partner = signer(sent(request, BASE), request.request_id, partners=DATA_PARTNERS, now=request.now)

``request`` is the edge's. The partner that comes back is active: ``partner.active_terms`` are those it sends by.
"""

from typing import Any
from urllib.parse import urlsplit

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


def sent(request: Any, base: str) -> Sent:
    """The request of ``edge.http`` as its sender has signed it. ``base``: the API's public address, whatever stands in front of the
    function: a signature for another deployment does not hold here."""
    address = urlsplit(base)
    method, path, query = request.sent
    return Sent(method, address.netloc, address.path + path, query, request.headers, request.raw_body)
