"""A sponsor's money comes in and goes back by two people, and the budget says where all of it is."""

import pytest

from puhui.kernel.errors import IdempotencyKeyReused
from puhui.ledger.errors import NotEnoughMoney
from puhui.programmes.api import ProgrammeNotFound
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.errors import (
    BudgetIdTaken,
    BudgetNotFound,
    BudgetOfAnotherProgramme,
    FundingClosed,
    FundingNotFound,
    ProposalsWaiting,
    ProposerMayNotApprove,
)
from tests.contracts.settlement.world import P, World, context

SPONSOR = {"zh-CN": "银行", "en": "Bank"}


def shown(world: World, budget_id: str) -> dict[str, object]:
    told = budgets.get_budget(budget_id, repositories=world.repositories, ledger=world.ledger)
    return {name: told[name] for name in ("funded_fen", "withdrawn_fen", "committed_fen", "left_fen")}


def propose(world: World, budget_id: str, kind: str, fen: int, key: str | None = None, body: str = "body"):
    return budgets.propose_funding(
        budget_id, kind, fen, "wire", context("proposer", key, body), repositories=world.repositories
    )


def test_a_funding_moves_money_once_a_second_person_approves_it(world: World):
    world.sponsor("bank-1", 0)
    funding = propose(world, "bank-1", "fund", 5_000)
    assert (funding.status, world.left("bank-1")) == ("proposed", 0)
    with pytest.raises(ProposerMayNotApprove):
        world.approve_funding("bank-1", funding.id, "proposer")
    approved = world.approve_funding("bank-1", funding.id)
    assert (approved.status, approved.approved_by, world.left("bank-1")) == ("approved", "approver", 5_000)
    assert world.approve_funding("bank-1", funding.id) == approved
    with pytest.raises(FundingClosed):
        world.approve_funding("bank-1", funding.id, "third")
    assert world.kinds("budget:bank-1") == ["fund"]
    assert world.ledger.transfer("budget:bank-1", approved.transfer_id)


def test_the_budget_says_what_came_in_what_is_set_aside_and_what_is_left(world: World):
    world.sponsor("bank-1", 10_000)
    world.reward("tea", "shop-a", "bank-1", fen=30, pieces=100)
    assert shown(world, "bank-1") == {
        "funded_fen": 10_000,
        "withdrawn_fen": 0,
        "committed_fen": 3_000,
        "left_fen": 7_000,
    }
    back = propose(world, "bank-1", "withdraw", 6_000)
    world.approve_funding("bank-1", back.id)
    assert shown(world, "bank-1") == {
        "funded_fen": 10_000,
        "withdrawn_fen": 6_000,
        "committed_fen": 3_000,
        "left_fen": 1_000,
    }
    assert world.kinds("budget:bank-1") == ["commit", "fund", "unfund"]


def test_what_is_set_aside_for_rewards_cannot_be_taken_back(world: World):
    world.sponsor("bank-1", 10_000)
    world.reward("tea", "shop-a", "bank-1", fen=30, pieces=300)
    back = propose(world, "bank-1", "withdraw", 1_001)
    with pytest.raises(NotEnoughMoney):
        world.approve_funding("bank-1", back.id)
    standing = world.repositories.budgets.find_funding("bank-1", back.id)
    assert standing
    assert (standing.status, world.left("bank-1")) == ("proposed", 1_000)


def test_the_same_proposal_twice_is_one_and_another_under_its_key_is_refused(world: World):
    world.sponsor("bank-1", 0)
    first = propose(world, "bank-1", "fund", 100, "k")
    assert propose(world, "bank-1", "fund", 100, "k") == first
    with pytest.raises(IdempotencyKeyReused):
        propose(world, "bank-1", "fund", 200, "k", "other")
    told = budgets.get_budget("bank-1", repositories=world.repositories, ledger=world.ledger)
    assert [each["id"] for each in told["fundings"]] == [first.id]


def test_a_budget_keeps_its_programme_and_may_name_its_sponsor_anew(world: World):
    world.sponsor("bank-1", 700)
    before = world.repositories.budgets.find("bank-1")
    assert budgets.put_budget("bank-1", P, dict(before.sponsor), repositories=world.repositories) == before
    budgets.put_budget("bank-1", P, SPONSOR, repositories=world.repositories)
    assert world.repositories.budgets.find("bank-1").sponsor == SPONSOR
    assert shown(world, "bank-1")["funded_fen"] == 700
    with pytest.raises(BudgetIdTaken):
        budgets.put_budget("bank-1", "ant-forest", SPONSOR, repositories=world.repositories)
    with pytest.raises(ProgrammeNotFound):
        budgets.put_budget("bank-2", "nowhere", SPONSOR, repositories=world.repositories)


def test_a_proposal_that_is_turned_down_moves_nothing_and_makes_room(world: World):
    world.sponsor("bank-1", 700)
    wrong, right = (propose(world, "bank-1", "fund", fen) for fen in (5, 6))
    for _ in range(2):
        rejected = budgets.reject("bank-1", wrong.id, "proposer", repositories=world.repositories)
        assert (rejected.status, rejected.rejected_by) == ("rejected", "proposer")
    for again in (
        lambda: world.approve_funding("bank-1", wrong.id),
        lambda: budgets.reject("bank-1", wrong.id, "another", repositories=world.repositories),
    ):
        with pytest.raises(FundingClosed):
            again()
    world.approve_funding("bank-1", right.id)
    with pytest.raises(FundingClosed):
        budgets.reject("bank-1", right.id, "another", repositories=world.repositories)
    assert shown(world, "bank-1")["funded_fen"] == 706
    assert world.repositories.budgets.find("bank-1").version == 1
    item = world.repositories.dynamodb.get(*world.repositories.budgets.key("bank-1"))
    assert item
    assert item["proposals"] == 0


def test_a_budget_pays_for_its_own_programme_only(world: World):
    world.sponsor("bank-1", 700)
    budgets.require_programme("bank-1", P, repositories=world.repositories)
    budgets.require_programme("", P, repositories=world.repositories)
    with pytest.raises(BudgetOfAnotherProgramme):
        budgets.require_programme("bank-1", "ant-forest", repositories=world.repositories)
    with pytest.raises(BudgetNotFound):
        budgets.require_programme("none", P, repositories=world.repositories)


def test_what_is_not_there_is_not_found(world: World):
    with pytest.raises(BudgetNotFound):
        budgets.get_budget("none", repositories=world.repositories, ledger=world.ledger)
    with pytest.raises(BudgetNotFound):
        propose(world, "none", "fund", 1)
    world.sponsor("bank-1", 0)
    with pytest.raises(FundingNotFound):
        world.approve_funding("bank-1", "none")


def test_twenty_proposals_of_a_budget_wait_at_most(world: World):
    world.sponsor("bank-1", 700)  # proposed and approved: it waits no more
    waiting = [propose(world, "bank-1", "fund", 1, f"k{number}") for number in range(20)]
    with pytest.raises(ProposalsWaiting):
        propose(world, "bank-1", "fund", 1, "one more")
    assert propose(world, "bank-1", "fund", 1, "k3") == waiting[3]
    world.approve_funding("bank-1", waiting[0].id)
    propose(world, "bank-1", "fund", 1, "one more")
    with pytest.raises(ProposalsWaiting):
        propose(world, "bank-1", "fund", 1, "and another")
