"""In a lot's last week its member is reminded once; in its last three days it is given away, for those who chose so."""

from dataclasses import replace
from typing import Any

import pytest

from puhui.kernel.words import CHOICES
from puhui.ledger.api import Leg, member
from puhui.points import donation, usecases
from puhui.points.errors import RewardMissing, RewardNotDonation
from puhui.points.model import DONATE, EXPIRE, HAS_QUEUE, NO_PIECE, Job
from puhui.rewards.catalogue import offers
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.redemptions.queue import serve
from puhui.store.session import attempt
from tests.contracts.points.conftest import MERCHANT, NOW, PTS, P, Town


def choose(town: Town, member_id: str, choice: str = DONATE, reward_id: str | None = "trees") -> None:
    usecases.choose(member_id, P, choice, reward_id, points=town.points, rewards=town.rewards, now=NOW)


def forecast(town: Town, member_id: str) -> dict[str, Any]:
    return usecases.forecast(member_id, P, points=town.points, ledger=town.ledger, now=NOW)


def trees(town: Town, **changes: Any) -> None:
    town.put(id="trees", kind="donation", **changes)


def last(town: Town, member_id: str) -> dict[str, Any]:
    told: dict[str, Any] = forecast(town, member_id)["choice"]["last_donation"]
    return told


# Choosing


def test_a_choice_stands_until_another_is_made(town: Town):
    trees(town)
    me = town.member(_2026_11=250)
    assert forecast(town, me)["choice"] == {"programme_id": P, "choice": "expire", "title": CHOICES["expire"]}
    choose(town, me)
    choose(town, me)
    told = forecast(town, me)
    assert told["choice"] == {
        "programme_id": P,
        "choice": "donate",
        "title": CHOICES["donate"],
        "reward_id": "trees",
    }
    assert told["lots"][0]["ends_as"] == "donation"
    choose(town, me, EXPIRE, None)
    assert forecast(town, me)["lots"][0]["ends_as"] == "expiry"


def test_only_a_donation_of_the_programme_can_be_chosen(town: Town):
    town.put()
    town.put(id="elsewhere", kind="donation", programme_id="carbon-88")
    me = town.member()
    proposed = terms_from(
        {"id": "later", "programme_id": P, "kind": "donation", "title": {"zh-CN": "树", "en": "Trees"}}
        | {"price_points": 100, "stock": 5, "merchant_id": MERCHANT}
    )
    offers.propose(proposed, "owner", rewards=town.rewards, now=NOW)
    for reward_id in ("cola", "elsewhere", "nothing", "later"):
        with pytest.raises(RewardNotDonation):
            choose(town, me, DONATE, reward_id)
    for choice, reward_id in ((DONATE, None), (EXPIRE, "trees")):
        with pytest.raises(RewardMissing):
            choose(town, me, choice, reward_id)


# Reminding


def test_a_member_is_reminded_once_in_the_last_week(town: Town):
    me = town.member(_2026_11=40, _2026_12=9)
    town.member(_2026_12=5)
    assert town.run("2026-11-23")["reminded"] == 0
    assert town.run("2026-11-24")["reminded"] == 1
    assert town.run("2026-11-24", again="by hand")["reminded"] == 0
    assert town.run("2026-11-25")["reminded"] == 0
    assert town.told == [(me, 40, "2026-11")]
    town.run("2026-12-31")
    assert [(held, lot) for who, held, lot in town.told if who == me] == [(40, "2026-11"), (9, "2026-12")]


def test_without_a_template_nothing_happens_but_the_count(town: Town):
    town.member(_2026_11=40)
    counts = town.run("2026-11-24", tells=False)
    assert (counts["reminded"], counts["not_reminded"]) == (0, 1)
    assert town.run("2026-11-25")["reminded"] == 1  # nobody was marked


def test_who_takes_no_messages_is_counted_and_not_asked_again(town: Town):
    quiet = "01KAGZ3V9Q8M4T2X7C5Rsilent"
    town.earn(quiet, 40, "2026-11")
    counts = town.run("2026-11-24")
    assert (counts["reminded"], counts["not_reminded"]) == (0, 1)
    town.run("2026-11-25")
    assert len(town.told) == 1


# Donating


def test_whole_pieces_are_given_in_the_last_three_days_and_the_rest_expires(town: Town):
    trees(town)
    me = town.member(_2026_11=250, _2026_12=1_000)
    choose(town, me)
    assert town.run("2026-11-27")["donated_points"] == 0
    counts = town.run("2026-11-28")
    assert (counts["donated_pieces"], counts["donated_points"]) == (2, 200)
    assert town.lots(me) == {"2026-11": 50, "2026-12": 1_000}
    told = last(town, me)
    assert (told["status"], told["points"], told["month"]) == ("donated", 200, "2026-11")
    given = town.rewards.redemptions.redemption(me, told["redemption_id"])
    assert given
    assert (given.reward_id, given.quantity, given.kind) == ("trees", 2, "donation")
    for day in ("2026-11-29", "2026-11-30"):
        assert town.run(day)["donated_pieces"] == 0
    assert town.run("2026-12-01")["expired_points"] == 50
    assert town.lots(me) == {"2026-12": 1_000}


def test_points_that_come_later_in_the_month_are_not_given_a_second_time(town: Town):
    trees(town)
    me = town.member(_2026_11=100)
    choose(town, me)
    town.run("2026-11-28")
    town.earn(me, 500, "2026-11", "refund")
    assert town.run("2026-11-29")["donated_pieces"] == 0
    assert town.lots(me) == {"2026-11": 500}


def test_who_chose_nothing_gives_nothing(town: Town):
    trees(town)
    me = town.member(_2026_11=250)
    town.run("2026-11-30")
    assert town.lots(me) == {"2026-11": 250}


@pytest.mark.parametrize("why", ["OUT_OF_STOCK", "NOT_ON_SALE", NO_PIECE])
def test_what_cannot_be_given_expires_and_the_member_is_told_why(town: Town, why: str):
    trees(town, stock=1 if why == "OUT_OF_STOCK" else 1_000)
    me = town.member(_2026_11=250)
    choose(town, me)
    if why == NO_PIECE:
        trees(town, price_points=251)
    if why == "NOT_ON_SALE":
        offers.close("trees", rewards=town.rewards, ledger=town.ledger, now=NOW)
    counts = town.run("2026-11-30")
    assert (counts["donated_pieces"], counts["donations_refused"]) == (0, 1)
    told = last(town, me)
    assert (told["status"], told["points"]) == ("refused", 0)
    assert told["reason_code"] == why
    assert forecast(town, me)["lots"][0]["ends_as"] == "expiry"
    assert town.run("2026-12-01")["expired_points"] == 250


def test_what_could_not_be_given_is_tried_again_the_next_day(town: Town):
    trees(town, stock=1)
    me = town.member(_2026_11=250)
    choose(town, me)
    town.run("2026-11-28")
    trees(town, stock=10)
    town.run("2026-11-29")
    assert last(town, me)["status"] == "donated"
    assert town.lots(me) == {"2026-11": 50}


def test_a_donation_with_a_queue_is_not_given_and_nobody_serves_its_ticket(town: Town):
    trees(town)
    me = town.member(_2026_11=250, _2026_12=1_000)
    choose(town, me)
    standing = town.rewards.catalogue.reward("trees")
    assert standing
    queued = replace(standing, queue_shards=1, version=standing.version + 1)
    attempt(town.dynamodb, lambda session: town.rewards.catalogue.add(session, queued))
    assert town.run("2026-11-30")["donations_refused"] == 1
    assert (last(town, me)["status"], last(town, me)["reason_code"]) == ("refused", HAS_QUEUE)
    ((ticket,), _) = town.rewards.member_items(me)
    serve(me, ticket.id, rewards=town.rewards, ledger=town.ledger, now=NOW)
    assert town.lots(me) == {"2026-11": 250, "2026-12": 1_000}


@pytest.mark.parametrize("held", [200, 250])
def test_what_was_begun_is_finished_and_counted_whatever_is_chosen_or_left_since(
    town: Town, monkeypatch: pytest.MonkeyPatch, held: int
):
    trees(town)
    me = town.member(_2026_11=held)
    choose(town, me)
    redeem = donation.redeem

    def dies(*given: Any, **named: Any) -> Any:
        redeem(*given, **named)
        raise RuntimeError

    monkeypatch.setattr(donation, "redeem", dies)
    with pytest.raises(RuntimeError):
        town.run("2026-11-28")
    monkeypatch.setattr(donation, "redeem", redeem)
    choose(town, me, EXPIRE, None)
    assert town.run("2026-11-28")["donated_points"] == 200
    assert last(town, me)["status"] == "donated"


def test_points_that_end_later_are_never_given(town: Town):
    """The member spends between what the run reads and what it redeems."""
    trees(town)
    me = town.member(_2026_11=200, _2026_12=1_000)
    choose(town, me)
    transact, calls = town.dynamodb.transact, 0

    def racing(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:  # the reminder, what is to be given, and now the redemption
            town.dynamodb.transact = transact  # type: ignore[method-assign]
            town.post("redemption", Leg(member(me), PTS, -150), Leg(f"retired:{P}", PTS, 150))
        transact(*arguments)

    town.dynamodb.transact = racing  # type: ignore[method-assign]
    counts = town.run("2026-11-28")
    assert counts["donations_refused"] == 1
    assert last(town, me)["reason_code"] == "NOT_ENOUGH_POINTS"
    assert town.lots(me) == {"2026-11": 50, "2026-12": 1_000}


@pytest.mark.parametrize("step", [2, 3, 4])
@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_run_that_dies_around_any_write_gives_once(town: Town, step: int, lost: str):
    trees(town)
    me = town.member(_2026_11=250)
    choose(town, me)
    transact, calls = town.dynamodb.transact, 0

    class Died(Exception):
        pass

    def dying(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == step and lost == "before":
            raise Died
        transact(*arguments)
        if calls == step:
            raise Died

    job = town.points.start_job(Job("2026-11-28", NOW.date()))
    town.dynamodb.transact = dying  # type: ignore[method-assign]
    with pytest.raises(Died):
        town.work(job, "2026-11-28")
    town.dynamodb.transact = transact  # type: ignore[method-assign]
    town.earn(me, 300, "2026-11", "refund")  # what is given was decided before
    town.work(job, "2026-11-28")
    given = town.statement(me, "donation")
    assert len(given) == 1
    counts = town.points.close_job(job.id)
    pieces = 5 if (step, lost) == (2, "before") else 2
    assert (counts["donated_pieces"], counts["donated_points"]) == (pieces, pieces * 100)
    assert town.lots(me) == {"2026-11": 550 - pieces * 100}
    assert last(town, me)["status"] == "donated"


# Points that came back after their month


def test_what_came_back_is_reminded_of_and_given_away_with_the_month_in_which_it_ends(town: Town):
    trees(town)
    me = town.member(_2026_12=250)
    town.earn(me, 130, "2026-11+", "refund")
    choose(town, me)
    town.run("2026-12-25")
    assert town.told == [(me, 380, "2026-12")]
    assert town.run("2026-12-29")["donated_points"] == 300
    assert town.lots(me) == {"2026-11+": 30, "2026-12": 50}
    assert last(town, me)["month"] == "2026-12"
    assert town.run("2027-01-01")["expired_points"] == 80
