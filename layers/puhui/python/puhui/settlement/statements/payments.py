"""Record that a posted statement was paid."""

from dataclasses import replace
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.ledger.api import Ledger
from puhui.settlement.repositories import Repositories
from puhui.settlement.request import RequestContext
from puhui.settlement.statements.model import PAID, Payment, Statement, payment_transfer, require_payable
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session, attempt


def record_payment(
    settlement_id: str,
    merchant_id: str,
    fen: int,
    reference: str,
    paid_at: datetime,
    request: RequestContext,
    *,
    repositories: Repositories,
    ledger: Ledger,
) -> Statement:
    """A posted statement was paid, in full and once. The same request again gets the first answer.

    Raises SettlementNotFound, StatementNotFound, IdempotencyKeyReused, NotEnoughMoney and what ``require_payable`` raises.
    """
    repositories.settlements.find(settlement_id)
    key_id = request.key_id("record_payment", settlement_id)

    def build(session: Session) -> Statement:
        done = repositories.is_done(key_id, request)
        statement = repositories.statements.find(settlement_id, merchant_id)
        if done:
            return statement
        require_payable(statement, fen, paid_at, request.now)
        transfer_id = ids.derived_id(request.now, settlement_id, merchant_id, "pay")
        payment = Payment(
            key_id or transfer_id, fen, reference, paid_at, request.member_id, request.now, transfer_id
        )
        paid = replace(statement, status=PAID, payment=payment)
        if key_id:
            repositories.request_keys.add(session, key_id, request.body_hash)
        repositories.statements.put(session, paid)
        transfer = payment_transfer(paid, payment, request.now)
        ledger.add(session, [transfer], {}, clock.programme_day(request.now))
        return paid

    try:
        return attempt(repositories.dynamodb, build)
    except AlreadyExists:
        return repositories.statements.find(settlement_id, merchant_id)
