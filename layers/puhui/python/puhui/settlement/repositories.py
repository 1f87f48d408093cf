"""The repositories of this context, over one table."""

import os
from functools import cached_property

from puhui.kernel.errors import IdempotencyKeyReused
from puhui.settlement.budgets.repository import BudgetRepository
from puhui.settlement.disputes.repository import DisputeRepository
from puhui.settlement.repository import RequestKeys
from puhui.settlement.request import RequestContext
from puhui.settlement.settlements.repository import SettlementRepository
from puhui.settlement.statements.repository import StatementRepository
from puhui.store.client import DynamoDB


class Repositories:
    """One repository for each aggregate. Functions build it once, use cases get it."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table

    @classmethod
    def from_environment(cls) -> "Repositories":
        """The table that the environment variable SETTLEMENT_TABLE names."""
        return cls(DynamoDB(), os.environ["SETTLEMENT_TABLE"])

    @cached_property
    def budgets(self) -> BudgetRepository:
        """Budgets and fundings."""
        return BudgetRepository(self.dynamodb, self.table)

    @cached_property
    def settlements(self) -> SettlementRepository:
        """Settlements and what their shards counted."""
        return SettlementRepository(self.dynamodb, self.table)

    @cached_property
    def statements(self) -> StatementRepository:
        """Statements and their lines."""
        return StatementRepository(self.dynamodb, self.table)

    @cached_property
    def disputes(self) -> DisputeRepository:
        """Disputes."""
        return DisputeRepository(self.dynamodb, self.table)

    @cached_property
    def request_keys(self) -> RequestKeys:
        """Idempotency keys of approvals and payments."""
        return RequestKeys(self.dynamodb, self.table)

    def is_done(self, key_id: str, request: RequestContext) -> bool:
        """Whether the request with this stored key was done. Raises IdempotencyKeyReused when another body used the key."""
        used = self.request_keys.body_hash(key_id) if key_id else None
        if used not in (None, request.body_hash):
            raise IdempotencyKeyReused
        return used is not None
