"""What other contexts may use of the settlement."""

from puhui.settlement.budgets import require_programme as require_budget_of
from puhui.settlement.dynamo import Settlements
from puhui.settlement.model import Budget, Line, Settlement, Statement, account_of, merchant_account

__all__ = [
    "Budget",
    "Line",
    "Settlement",
    "Settlements",
    "Statement",
    "account_of",
    "merchant_account",
    "require_budget_of",
]
