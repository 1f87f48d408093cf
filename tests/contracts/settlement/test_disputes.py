"""A merchant may say that its statement is wrong: its money waits, the others' goes on, and what is adjusted is approved anew."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.kernel.errors import IdempotencyKeyReused
from puhui.settlement.budgets import usecases as budgets
from puhui.settlement.disputes import usecases as disputes
from puhui.settlement.disputes.model import Dispute, ProposedAdjustment, Resolution
from puhui.settlement.disputes.views import dispute_body
from puhui.settlement.errors import (
    AdjustmentInvalid,
    ApproverIsStaff,
    DecisionInvalid,
    DisputeNotFound,
    DisputeResolved,
    DisputesExhausted,
    SettlementChanged,
    SettlementNotComputed,
    StatementDisputed,
    StatementNotFound,
    StatementNotPosted,
    StatementPaid,
)
from puhui.settlement.settlements import posting
from puhui.settlement.settlements.model import SHARDS, Settlement
from puhui.settlement.statements import views
from tests.contracts.settlement.world import NOW, World, context

MORE = ProposedAdjustment(250, "one cup more was handed out", reward_id="tea")
LESS = ProposedAdjustment(-100, "counted twice", budget_id="bank-1")


@pytest.fixture
def shops(world: World) -> World:
    """Two shops that are owed 900 and 6,000 fen; the budget has 55,000 left."""
    world.two_shops()
    return world


def dispute(
    world: World,
    settlement: Settlement,
    merchant: str = "shop-a",
    key: str | None = None,
    text: str = "one is missing",
) -> Dispute:
    return disputes.open_dispute(
        settlement.id, merchant, text, 1_150, context("owner", key, text), repositories=world.repositories
    )


def resolve(
    world: World,
    opened: Dispute,
    *wanted: ProposedAdjustment,
    decision: str = "",
    who: str = "judge",
    note: str = "seen",
) -> Settlement:
    resolution = Resolution(decision or ("uphold" if wanted else "reject"), wanted, note)
    _, settlement = disputes.resolve(
        opened.settlement_id,
        opened.id,
        resolution,
        context(who, None, f"{wanted} {note}"),
        repositories=world.repositories,
        staff=world.alliance,
    )
    return settlement


def test_a_disputed_statement_waits_while_the_others_go_on(shops: World):
    done = shops.settled()
    opened = dispute(shops, done)
    with pytest.raises(StatementDisputed):
        dispute(shops, done)
    shops.approved_and_posted(done)
    assert (shops.owed("shop-a"), shops.owed("shop-b")) == (0, 6_000)
    with pytest.raises(StatementDisputed):
        shops.pay(done, "shop-a", 900)
    assert shops.pay(done, "shop-b", 6_000).status == "paid"
    # Rejected: what two people approved is posted, whatever dies after the decision was written.
    after = resolve(shops, opened)
    assert (after.status, after.round) == ("approved", 2)
    assert shops.post(done.id).status == "posted"
    assert (shops.owed("shop-a"), shops.statement(done, "shop-a").status) == (900, "posted")
    assert shops.pay(done, "shop-a", 900).status == "paid"


def test_an_adjustment_before_the_approval_is_approved_with_everything_else(shops: World):
    done = shops.settled()
    shops.approve(done, "first")
    opened = dispute(shops, done)
    after = resolve(shops, opened, MORE)
    assert (after.status, after.approvals, after.total_fen) == ("computed", (), 7_150)
    assert after.hash != done.hash
    with pytest.raises(SettlementChanged):
        shops.approve(done, "second")
    shops.approved_and_posted(after)
    assert (shops.owed("shop-a"), shops.left("bank-1")) == (1_150, 55_000 - 250)
    assert shops.kinds("merchant:shop-a") == ["adjust", "settle"]
    budget = shops.repositories.budgets.find("bank-1")
    assert (budget.adjusted_fen, budget.settled_fen, budget.committed_fen(shops.left("bank-1"))) == (
        250,
        6_900,
        45_000 - 6_900,
    )


def test_an_adjustment_after_the_posting_needs_one_more_person(shops: World):
    done = shops.approved_and_posted(shops.settled())
    after = resolve(shops, dispute(shops, done), MORE)
    assert (after.status, [each.by for each in after.approvals]) == ("computed", ["judge"])
    assert shops.approve(after, "judge").status == "computed"
    assert shops.post(done.id).status == "computed"
    assert shops.owed("shop-a") == 900
    with pytest.raises(StatementNotPosted):
        shops.pay(done, "shop-a", 1_150)
    assert shops.pay(done, "shop-b", 6_000).status == "paid"
    assert shops.approve(after, "another").status == "approved"
    assert shops.post(done.id).status == "posted"
    assert shops.owed("shop-a") == 1_150
    assert shops.pay(done, "shop-a", 1_150).status == "paid"


def test_an_adjustment_upon_one_that_waits_is_approved_by_two_who_read_both(shops: World):
    done = shops.approved_and_posted(shops.settled())
    one, two = dispute(shops, done), dispute(shops, done, "shop-b")
    resolve(shops, one, ProposedAdjustment(50_000, "a gift", budget_id="bank-1"), who="mallory")
    after = resolve(shops, two, ProposedAdjustment(10, "a cup", budget_id="bank-1"), who="judge")
    assert after.approvals == ()
    assert shops.approve(after, "mallory").status == "computed"
    assert (shops.post(done.id).status, shops.owed("shop-a")) == ("computed", 900)
    assert shops.approve(after, "judge").status == "approved"


def test_who_opened_a_dispute_does_not_resolve_it_wherever_they_work_now(shops: World):
    opened = dispute(shops, shops.settled())
    with pytest.raises(ApproverIsStaff):
        resolve(shops, opened, MORE, who="owner")


def test_a_dispute_that_is_rejected_while_its_posting_ends_is_posted(
    shops: World, monkeypatch: pytest.MonkeyPatch
):
    done = shops.settled()
    opened = dispute(shops, done)
    shops.approve(done, "first")
    shops.approve(done, "second")
    read = shops.repositories.statements.of_settlement

    def counted(settlement_id: str) -> Any:
        found = list(read(settlement_id))
        monkeypatch.setattr(shops.repositories.statements, "of_settlement", read)
        resolve(shops, opened)  # after the statements were counted, before the settlement is written
        return iter(found)

    for shard in range(SHARDS):
        posting.post_shard(done.id, shard, repositories=shops.repositories, ledger=shops.ledger, now=NOW)
    monkeypatch.setattr(shops.repositories.statements, "of_settlement", counted)
    ended = posting.close_posting(done.id, repositories=shops.repositories)
    assert (ended.status, ended.held) == ("approved", 1)
    assert shops.post(done.id).status == "posted"
    assert shops.owed("shop-a") == 900


def test_an_approval_that_does_not_see_a_release_posts_it_all_the_same(
    shops: World, monkeypatch: pytest.MonkeyPatch
):
    done = shops.settled()
    opened = dispute(shops, done)
    shops.approve(done, "first")
    write = shops.repositories.settlements.put

    def put(*args: Any) -> None:
        monkeypatch.setattr(shops.repositories.settlements, "put", write)
        shops.approve(done, "second")  # after the settlement was read for the release, before it is written
        shops.post(done.id)
        write(*args)

    monkeypatch.setattr(shops.repositories.settlements, "put", put)
    assert resolve(shops, opened).status == "approved"
    assert shops.post(done.id).status == "posted"
    assert shops.owed("shop-a") == 900


def test_adjustments_of_many_budgets_are_posted_in_as_many_transactions_as_they_take(shops: World):
    for number in range(40):
        shops.sponsor(f"fund-{number}", 1_000)
    done = shops.settled()
    for turn in range(4):
        wanted = [
            ProposedAdjustment(1, "one", budget_id=f"fund-{10 * turn + number}") for number in range(10)
        ]
        done = resolve(shops, dispute(shops, done), *wanted)
    shops.approved_and_posted(done)
    assert (shops.statement(done, "shop-a").status, shops.owed("shop-a")) == ("posted", 940)


def test_less_goes_back_to_the_sponsor(shops: World):
    done = shops.approved_and_posted(shops.settled())
    after = resolve(shops, dispute(shops, done), LESS)
    shops.approve(after, "another")
    shops.post(done.id)
    assert (shops.owed("shop-a"), shops.left("bank-1")) == (800, 55_100)


def test_a_second_dispute_adds_to_the_first(shops: World):
    done = shops.settled()
    resolve(shops, dispute(shops, done), MORE)
    second = resolve(shops, dispute(shops, done), LESS, MORE)
    shops.approved_and_posted(second)
    assert shops.owed("shop-a") == 900 + 250 - 100 + 250
    assert shops.kinds("merchant:shop-a") == ["adjust", "adjust", "settle"]
    told = views.get_statement(done.id, "shop-a", repositories=shops.repositories)
    assert (told["fen"], told["adjusted_fen"], told["total_fen"]) == (900, 400, 1_300)
    assert [each["fen"] for each in told["adjustments"]] == [250, -100, 250]
    assert [each["status"] for each in told["disputes"]] == ["upheld", "upheld"]


def test_a_budget_that_is_short_holds_the_statement_until_it_has_money(shops: World):
    done = shops.settled()
    opened = dispute(shops, done)
    after = resolve(shops, opened, ProposedAdjustment(60_000, "a whole delivery", budget_id="bank-1"))
    held = shops.approved_and_posted(after)
    assert (held.status, held.held, shops.owed("shop-a"), shops.owed("shop-b")) == ("approved", 1, 0, 6_000)
    assert shops.statement(done, "shop-a").reason_code == "NOT_ENOUGH_MONEY"
    more = budgets.propose_funding(
        "bank-1", "fund", 5_000, "wire", context("proposer"), repositories=shops.repositories
    )
    shops.approve_funding("bank-1", more.id)
    again = shops.approve(after, "second")
    assert (again.status, again.round) == ("approved", 2)
    assert shops.post(done.id).status == "posted"
    assert (shops.owed("shop-a"), shops.left("bank-1"), shops.statement(done, "shop-a").reason_code) == (
        60_900,
        0,
        "",
    )


def test_a_released_statement_that_its_budget_cannot_pay_can_be_posted_again(shops: World):
    done = shops.settled()
    after = resolve(shops, dispute(shops, done), ProposedAdjustment(60_000, "a delivery", budget_id="bank-1"))
    again = dispute(shops, done)
    shops.approved_and_posted(after)
    assert resolve(shops, again).status == "approved"
    found = shops.post(done.id)
    assert (found.status, found.held, found.round, shops.owed("shop-a")) == ("approved", 1, 3, 0)
    assert shops.statement(done, "shop-a").reason_code == "NOT_ENOUGH_MONEY"


def test_whichever_comes_first_release_or_second_approval_the_statement_is_posted(shops: World):
    done = shops.settled()
    opened = dispute(shops, done)
    shops.approve(done, "first")
    resolve(shops, opened)
    assert shops.owed("shop-a") == 0
    shops.approve(done, "second")
    shops.post(done.id)
    assert shops.owed("shop-a") == 900


def test_the_same_dispute_twice_is_one_and_the_same_decision_too(shops: World):
    done = shops.settled()
    opened = dispute(shops, done, key="k")
    assert dispute(shops, done, key="k") == replace(opened, opened_at=opened.opened_at.replace(microsecond=0))
    with pytest.raises(IdempotencyKeyReused):
        dispute(shops, done, key="k", text="another text")
    first = resolve(shops, opened, MORE)
    assert resolve(shops, opened, MORE) == first
    with pytest.raises(DisputeResolved):
        resolve(shops, opened, LESS)
    with pytest.raises(DisputeResolved):
        resolve(shops, opened, MORE, who="somebody else")


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        (ProposedAdjustment(1, "r", reward_id="tea", budget_id="bank-1"), "not both"),
        (ProposedAdjustment(1, "r"), "not both"),
        (ProposedAdjustment(0, "r", reward_id="tea"), "by 0 fen"),
        (ProposedAdjustment(1, "r", reward_id="bag"), "no sponsor"),
        (ProposedAdjustment(1, "r", reward_id="ride"), "no sponsor"),
        (ProposedAdjustment(1, "r", budget_id="unknown"), "no such budget"),
        (ProposedAdjustment(-901, "r", reward_id="tea"), "below zero"),
    ],
)
def test_an_adjustment_names_who_pays_and_takes_no_more_than_there_is(
    shops: World, wanted: ProposedAdjustment, rule: str
):
    opened = dispute(shops, shops.settled())
    with pytest.raises(AdjustmentInvalid) as refused:
        resolve(shops, opened, wanted)
    assert rule in refused.value.details["rule"]
    assert shops.repositories.disputes.get(opened.settlement_id, opened.id).status == "open"  # type: ignore[union-attr]


def test_a_decision_fits_its_adjustments_and_comes_from_outside(shops: World):
    opened = dispute(shops, shops.settled())
    with pytest.raises(DecisionInvalid):
        resolve(shops, opened, decision="uphold")
    with pytest.raises(DecisionInvalid):
        resolve(shops, opened, MORE, decision="reject")
    shops.alliance.places = {"judge": ["shop-a"]}
    with pytest.raises(ApproverIsStaff):
        resolve(shops, opened)
    shops.alliance.places = {}
    with pytest.raises(DisputeNotFound):
        resolve(shops, replace(opened, id="none"))


def test_what_is_computed_paid_or_not_there_is_not_disputed(shops: World):
    opened = shops.open()
    with pytest.raises(SettlementNotComputed):
        dispute(shops, opened)
    done = shops.compute(opened.id)
    with pytest.raises(StatementNotFound):
        dispute(shops, done, "shop-c")
    shops.approved_and_posted(done)
    shops.pay(done, "shop-a", 900)
    with pytest.raises(StatementPaid):
        dispute(shops, done)


def test_a_statement_is_disputed_five_times_at_most(shops: World):
    done = shops.settled()
    for number in range(5):
        resolve(shops, dispute(shops, done, text=f"time {number}"))
    with pytest.raises(DisputesExhausted):
        dispute(shops, done)


def test_a_dispute_and_a_payment_at_once_leave_one_of_them(shops: World, monkeypatch: pytest.MonkeyPatch):
    done = shops.approved_and_posted(shops.settled())
    read = shops.repositories.statements.find
    raced: list[Any] = []

    def between(settlement_id: str, merchant_id: str) -> Any:
        found = read(settlement_id, merchant_id)
        if not raced:
            raced.append(1)
            monkeypatch.setattr(shops.repositories.statements, "find", read)
            dispute(shops, done)  # after the payment read the statement, before it writes
        return found

    monkeypatch.setattr(shops.repositories.statements, "find", between)
    with pytest.raises(StatementDisputed):
        shops.pay(done, "shop-a", 900)
    assert shops.owed("shop-a") == 900


def test_a_dispute_says_when_it_was_opened_and_how_it_ended(shops: World):
    done = shops.settled()
    opened = dispute(shops, done)
    told = dispute_body(opened)
    assert (told["status"], told["claimed_fen"], "note" in told) == ("open", 1_150, False)
    resolve(shops, opened, note="nothing is missing")
    ended = dispute_body(shops.repositories.disputes.find(done.id, opened.id))
    assert (ended["status"], ended["note"]) == ("rejected", "nothing is missing")
    assert NOW - timedelta(seconds=1) <= opened.opened_at <= NOW
