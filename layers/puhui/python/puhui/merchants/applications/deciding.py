"""The authority decides about a merchant: certify, refuse, suspend, reinstate."""

from dataclasses import dataclass
from datetime import datetime

from puhui.kernel import ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.merchants.applications.model import Decision
from puhui.merchants.applications.repository import DECISION
from puhui.merchants.repositories import Merchants
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session, attempt


@dataclass(frozen=True)
class DecisionRequest:
    """A decision as it was sent; ``what`` is certify, refuse, suspend or reinstate. ``version``: of the application that was read."""

    merchant_id: str
    what: str
    by: str
    key: str | None
    body_hash: str
    reason_code: str = ""
    note: str = ""
    version: int | None = None


def decide(request: DecisionRequest, *, merchants: Merchants, now: datetime) -> Decision:
    """Decide about a merchant. The same key and body, or the same person's same decision again, is one decision.

    One read and one transaction of 4 to 6 items. Raises MerchantNotFound, OwnMerchant (also for former staff), ReasonRequired,
    LegalIdTaken, MerchantDecided, ApplicationChanged, SuspenderMayNotReinstate, IdempotencyKeyReused.
    """
    merchant_id, key = request.merchant_id, request.key
    decision = Decision(
        ids.key_id(request.by, "merchant-decision", merchant_id, key) if key else ids.new_id(now),
        request.what,
        request.by,
        now.replace(microsecond=0),
        request.reason_code,
        request.note,
        request.body_hash,
    )

    def build(session: Session) -> Decision:
        before, application, made = merchants.applications.find_for_decision(merchant_id, decision.id)
        if made is not None:
            if (made.what, made.body_hash) != (decision.what, decision.body_hash):
                raise IdempotencyKeyReused
            return made
        after = before.after(decision, request.version)
        if after is before and before.last is not None:
            return before.last
        merchants.applications.add_decision(session, before, after, application.legal_id)
        return decision

    try:
        return attempt(merchants.dynamodb, build)
    except AlreadyExists as first:  # the same request at the same moment
        return DECISION.read(first.details["item"])
