"""Budgets and fundings in the settlement table (keys: ``settlement/repository.py``)."""

from collections.abc import Sequence

from puhui.settlement.budgets.model import PROPOSALS_MAX, PROPOSED, Budget, Funding
from puhui.settlement.errors import BudgetNotFound, FundingNotFound, ProposalsWaiting
from puhui.settlement.repository import Repository
from puhui.store.client import Key
from puhui.store.conditions import OptimisticLockFailed, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session

# Only settlements have an attribute programme_id: the index settlements_by_programme lists what has it.
BUDGET = Record(
    Budget, owner="budget:{id}", entry="budget", names={"programme_id": "programme", "version": "v"}
)
FUNDING = Record(Funding, owner="budget:{budget_id}", entry="F#{id}", always=("status", "body_hash"))
FUNDINGS_LISTED = 100


class BudgetRepository(Repository):
    """Budgets and fundings."""

    def key(self, budget_id: str) -> Key:
        """The key of a budget, to read it together with its balance."""
        return self._key(BUDGET, id=budget_id)

    def get(self, budget_id: str) -> Budget | None:
        """A budget, or None."""
        return self._get(BUDGET, id=budget_id)

    def find(self, budget_id: str) -> Budget:
        """A budget. Raises BudgetNotFound."""
        if (found := self.get(budget_id)) is None:
            raise BudgetNotFound
        return found

    def find_all(self, budget_ids: Sequence[str]) -> dict[str, Budget]:
        """Those of the budgets that exist, by id."""
        items = self._get_all(self.key(each) for each in dict.fromkeys(budget_ids))
        return {found.id: found for found in map(BUDGET.read, items)}

    def put(self, session: Session, budget: Budget) -> None:
        """Write the programme and the sponsor of a budget of this version; its sums are not changed."""
        values = {
            ":programme_id": budget.programme_id,
            ":sponsor": dict(budget.sponsor),
            ":next": budget.version + 1,
        }
        session.update(
            *self.key(budget.id),
            "SET programme = :programme_id, sponsor = :sponsor, v = :next",
            values | ({":v": budget.version} if budget.version else {}),
            condition="v = :v" if budget.version else "attribute_not_exists(v)",
            error=OptimisticLockFailed(),
        )

    def add_sums(self, session: Session, budget_id: str, **sums: int) -> None:
        """Add to the sums of the budget (``funded_fen``, ``withdrawn_fen``, ``settled_fen``, ``adjusted_fen``) and to its number of
        open ``proposals``."""
        expression = "ADD " + ", ".join(f"{name} :{name}" for name in sums)
        session.update(*self.key(budget_id), expression, {f":{name}": sums[name] for name in sums})

    def add_proposal(self, session: Session, budget_id: str) -> None:
        """Count one more open proposal. Raises ProposalsWaiting."""
        session.update(
            *self.key(budget_id),
            "ADD proposals :one",
            {":one": 1, ":most": PROPOSALS_MAX},
            condition="attribute_not_exists(proposals) OR proposals < :most",
            error=ProposalsWaiting(most=PROPOSALS_MAX),
        )

    def find_funding(self, budget_id: str, funding_id: str) -> Funding:
        """A funding of the budget. Raises FundingNotFound."""
        if (found := self._get(FUNDING, budget_id=budget_id, id=funding_id)) is None:
            raise FundingNotFound
        return found

    def fundings(self, budget_id: str) -> list[Funding]:
        """The newest of the budget's fundings, the newest first."""
        items = self.dynamodb.all_entries(self.table, ("owner", f"budget:{budget_id}"), "F#")
        found = sorted(map(FUNDING.read, items), key=lambda each: each.proposed_at, reverse=True)
        return found[:FUNDINGS_LISTED]

    def add_funding(self, session: Session, funding: Funding) -> None:
        """A new funding. Raises AlreadyExists, IdempotencyKeyReused."""
        error = SameRequest(body_hash=funding.body_hash)
        session.put(self.table, FUNDING.item(funding), unless="entry", error=error)

    def put_decided(self, session: Session, funding: Funding) -> None:
        """Write a decided funding over the proposed one."""
        session.put(
            self.table,
            FUNDING.item(funding),
            condition="#status = :before",
            values={":before": PROPOSED},
            names={"#status": "status"},
            error=OptimisticLockFailed(),
        )
