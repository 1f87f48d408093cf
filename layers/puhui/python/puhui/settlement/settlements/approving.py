"""Two people approve a settlement. Nobody approves for a merchant that they work or ever worked for."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Protocol

from puhui.kernel.errors import DomainError
from puhui.settlement.errors import ApproverIsStaff
from puhui.settlement.repositories import Repositories
from puhui.settlement.repository import READS_MAX
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements import model
from puhui.settlement.settlements.model import Settlement
from puhui.store.client import Key
from puhui.store.session import Session, attempt


class Staff(Protocol):
    """Who works for which merchant: ``merchants.api.Merchants``."""

    def memberships_of(self, member_id: str) -> Sequence[Any]: ...
    def gone_key(self, merchant_id: str, member_id: str) -> Key: ...


def require_outsider(settlement_id: str, member_id: str, *, repositories: Repositories, staff: Staff) -> None:
    """Raise ApproverIsStaff when the member works, or ever worked, for a merchant that has a statement in the settlement.

    Present places are read first: who leaves one in between is then found among the former staff.
    """
    places = [each.merchant_id for each in staff.memberships_of(member_id)]
    merchants = (each.merchant_id for each in repositories.statements.of_settlement(settlement_id))
    own = repositories.statements.merchants_in(settlement_id, places)
    while not own and (some := list(islice(merchants, READS_MAX))):
        former = repositories.dynamodb.get_all([staff.gone_key(each, member_id) for each in some])
        own = [each for each, item in zip(some, former, strict=True) if item]
    if own:
        raise ApproverIsStaff(merchant_id=own[0])


def approve(
    settlement_id: str, read_hash: str, request: RequestContext, *, repositories: Repositories, staff: Staff
) -> Settlement:
    """Approve what was read, named by its hash. The second of two people approves it for good; the caller then starts the posting.

    Raises SettlementNotFound, ApproverIsStaff, IdempotencyKeyReused and what ``model.approve`` raises.
    """
    key_id = request.key_id("approve_settlement", settlement_id)
    if repositories.is_done(key_id, request):
        return repositories.settlements.find(settlement_id)
    require_outsider(settlement_id, request.member_id, repositories=repositories, staff=staff)

    def build(session: Session) -> Settlement:
        before = repositories.settlements.find(settlement_id)
        after = model.approve(before, request.member_id, read_hash, request.now)
        if after is not before:
            if key_id:
                repositories.request_keys.add(session, key_id, request.body_hash)
            repositories.settlements.put(session, after)
        return after

    try:
        return attempt(repositories.dynamodb, build)
    except DomainError:  # AlreadyExists, or what a twin of the request left to refuse
        if not repositories.is_done(key_id, request):
            raise
        return repositories.settlements.find(settlement_id)
