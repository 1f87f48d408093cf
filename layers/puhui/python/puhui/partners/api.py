"""What other contexts may ask of partners. Importing it does not import ``requests``: ``connect`` brings it in.

A function that orders or cancels needs PARTNERS_TABLE (GetItem), DATA_SECRET and STAGE; one that verifies the first two:

    PARTNERS = Partners.from_environment()
    send = cache(connect)                                  # once a process, on first use
    partner = find_partner(partner_id, partners=PARTNERS)
    answer = issue_order(partner, order, partners=PARTNERS, send=send(), now=now)
    verify(partner, request.headers, request.raw_body, now, partners=PARTNERS)
    answer = later_answer(order_id, request.raw_body)      # after verify: a signature covers no path
"""

import importlib
import os

from puhui.partners.errors import (
    AnswerInvalid,
    ItemUnknown,
    PartnerInvalid,
    PartnerNotFound,
    PartnerUnavailable,
    SignatureInvalid,
)
from puhui.partners.model import (
    ACCEPTED,
    CANCELLED,
    ISSUED,
    NOT_CANCELLABLE,
    REFUSED,
    Answer,
    Order,
    Partner,
    later_answer,
    require_item,
)
from puhui.partners.repository import Partners
from puhui.partners.usecases import Send, cancel_order, find_partner, issue_order, verify

__all__ = [
    "ACCEPTED",
    "CANCELLED",
    "ISSUED",
    "NOT_CANCELLABLE",
    "REFUSED",
    "Answer",
    "AnswerInvalid",
    "ItemUnknown",
    "Order",
    "Partner",
    "PartnerInvalid",
    "PartnerNotFound",
    "PartnerUnavailable",
    "Partners",
    "Send",
    "SignatureInvalid",
    "cancel_order",
    "connect",
    "find_partner",
    "issue_order",
    "later_answer",
    "require_item",
    "verify",
]


def connect() -> Send:
    """Sends to partners' servers, as STAGE allows. Build it once a process: it keeps connections open."""
    send: Send = importlib.import_module("puhui.partners.client").Client(os.environ.get("STAGE", "")).send
    return send
