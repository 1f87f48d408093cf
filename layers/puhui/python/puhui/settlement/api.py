"""What other contexts may use of the settlement."""

from puhui.settlement.budgets.usecases import require_programme
from puhui.settlement.repositories import Repositories as Settlements

__all__ = ["Settlements", "require_budget_of"]


def require_budget_of(budget_id: str, programme_id: str, *, settlements: Settlements) -> None:
    """Raise BudgetNotFound, BudgetOfAnotherProgramme unless the budget pays for this programme. No budget ("") is allowed."""
    require_programme(budget_id, programme_id, repositories=settlements)
