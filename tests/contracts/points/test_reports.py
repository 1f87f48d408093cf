"""A report says everything twice; whatever is missing, or off by one, on either side is named with its amount."""

import random
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from puhui.kernel import ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.ledger.api import AUDIT_SHARDS, Hold, Leg, member
from puhui.points import reconciliation, runs
from puhui.points.errors import ReportNotFound
from puhui.points.report import Part, Report
from puhui.points.tally import Tally
from puhui.rewards.catalogue import offers
from puhui.rewards.errors import OutOfStock
from puhui.rewards.redemptions.model import Redemption
from tests.contracts.points.conftest import BUDGET, MERCHANT, NOW, PARTNER, PTS, P, Town
from tests.support import gateway
from tests.support.ledger import hold


def differences(report: dict[str, Any]) -> dict[tuple[str, str, str], int]:
    """The amounts by what, whom and field, without the sums of rewards and of the whole."""
    return {
        (each["about"], each["id"], each["field"]): each["amount"]
        for each in report["differences"]
        if each["about"] not in ("programme", "reward")
    }


def of(report: dict[str, Any], reward_id: str) -> dict[str, Any]:
    (found,) = (each for each in report["rewards"] if each["reward_id"] == reward_id)
    told: dict[str, Any] = found
    return told


# What a report says


def test_points_are_where_they_came_from_and_went(town: Town):
    town.put()
    me, other = town.member(_2026_10=30, _2026_11=500, _2028_01=70), town.member(_2026_11=200)
    town.redeem(me, quantity=2)
    town.sponsored("tea", "coupon", sponsor=None, cancellable=True)
    town.cancel(town.redeem(other, "tea"))
    town.post("correction", Leg(member(other), PTS, -10), Leg(f"issuance:{P}", PTS, 10))
    legs = (Leg(member(me), PTS, -25), Leg(f"pool:{P}", PTS, 25))
    hold(Hold(ids.new_id(NOW), member(me), legs, NOW.replace(year=2027)), ledger=town.ledger, now=NOW)
    town.run("2026-11-20")
    report = town.report()
    assert report["reconciles"], report["differences"]
    assert report["points"] == {
        "issued": 800,
        "taken_back": 10,
        "spent": [{"kind": "redemption", "points": 300}],
        "refunded": 100,
        "expired": 30,
        "outstanding": 535,
        "held": 25,
        "months": [{"month": "2026-11", "points": 465}, {"month": "2028-01", "points": 70}],
        "balances": {
            "outstanding": 535,
            "held": 25,
            "months": [{"month": "2026-11", "points": 465}, {"month": "2028-01", "points": 70}],
        },
    }


def test_every_reward_is_followed_from_its_stock_to_its_money(town: Town):
    town.fund(100_000)
    town.sponsored("tea", "coupon", stock=10)
    town.sponsored("trees", "donation", stock=1_000)
    me, friend = town.member(_2026_11=10_000), town.member()  # the friend never had a point: no account
    made = town.redeem(me, "tea", 5)
    used, given, lapsed, *_ = town.coupons(made)
    town.use(used)
    town.hand_on(given, friend)
    town.let_expire(lapsed)
    town.redeem(me, "trees", 40)
    assert town.settle("S1") == 30 + 40 * 30
    town.use(town.coupons(made)[2])
    report = town.report()
    assert report["reconciles"], report["differences"]
    tea, trees = of(report, "tea"), of(report, "trees")
    assert tea["stock"] == {"offered": 10, "left": 6, "promised": 4}
    assert tea["coupons"] == {"issued": 2, "used": 2, "expired": 1, "cancelled": 0}
    assert tea["pieces"]["fulfilled"] == 5
    assert tea["points"] == {"spent": 400, "held": 0, "spent_by_ledger": 400}  # one came back
    assert tea["budget"] == {
        "committed_fen": 270,
        "in_stock_fen": 180,
        "promised_fen": 60,
        "due_fen": 30,
        "settled_fen": 30,
        "paid_fen": 30,
    }
    assert trees["stock"] == {"offered": 1_000, "left": 960, "promised": 40}
    assert trees["budget"]["settled_fen"] == 1_200
    (budget,) = report["budgets"]
    assert budget == {
        "budget_id": BUDGET,
        "funded_fen": 100_000,
        "adjusted_fen": 0,
        "left_fen": 100_000 - 10 * 30 - 1_000 * 30,
        "committed_fen": 270 + 960 * 30,
        "in_stock_fen": 180 + 960 * 30,
        "promised_fen": 60,
        "due_fen": 30,
        "settled_fen": 1_230,
        "paid_fen": 1_230,
    }
    assert report["merchants"] == [
        {
            "merchant_id": MERCHANT,
            "settled_fen": 1_230,
            "adjusted_fen": 0,
            "paid_fen": 1_230,
            "unpaid_fen": 0,
        }
    ]


def test_partners_orders_are_held_spent_or_given_back(town: Town):
    town.fund(100_000)
    terms = {"partner_id": PARTNER, "partner_item": "ride", "stock": 10}
    town.sponsored("ride", "service", **terms)
    me = town.member(_2026_11=1_000)
    waiting, issued, refused = (town.redeem(me, "ride", n) for n in (1, 2, 3))
    town.answer(issued, "issued")
    town.answer(refused, "refused")
    report = town.report()
    assert report["reconciles"], report["differences"]
    ride = of(report, "ride")
    assert ride["pieces"] == {
        "queued": 0,
        "processing": waiting.quantity,
        "fulfilled": 2,
        "refunded": 3,
        "cancelled": 0,
    }
    assert ride["points"] == {"spent": 200, "held": 100, "spent_by_ledger": 200}
    assert (ride["stock"]["left"], ride["stock"]["promised"]) == (7, 3)
    assert (ride["budget"]["promised_fen"], ride["budget"]["due_fen"]) == (30, 60)
    assert report["points"]["held"] == 100


def test_a_claim_that_is_not_posted_yet_is_still_committed(town: Town):
    town.fund(100_000)
    town.sponsored("trees", "donation", stock=10)
    town.redeem(town.member(_2026_11=1_000), "trees", 4)
    town.settle("S1", post=False)
    report = town.report()
    assert report["reconciles"], report["differences"]
    assert of(report, "trees")["budget"]["due_fen"] == 120


def test_a_reward_that_was_closed_has_nothing_left_and_its_money_free(town: Town):
    town.fund(100_000)
    town.sponsored("trees", "donation", stock=10)
    town.redeem(town.member(_2026_11=1_000), "trees", 4)
    offers.close("trees", rewards=town.rewards, ledger=town.ledger, now=NOW)
    report = town.report()
    assert report["reconciles"], report["differences"]
    assert of(report, "trees")["stock"] == {"offered": 4, "left": 0, "promised": 4}
    assert report["budgets"][0]["left_fen"] == 100_000 - 120


def test_points_of_another_programme_are_not_in_it(town: Town):
    town.put(id="elsewhere", programme_id="carbon-88")
    me = town.member(_2026_11=50)
    asset = "PTS:carbon-88"
    town.post("credit", Leg("issuance:carbon-88", asset, -500), Leg(member(me), asset, 500, "2026-11"))
    town.redeem(me, "elsewhere")
    report = town.report()
    assert report["reconciles"], report["differences"]
    assert (report["points"]["issued"], report["rewards"]) == (50, [])


def test_transfers_between_accounts_count_once(town: Town):
    one, other = town.member(_2026_11=50), town.member(_2026_11=50)
    town.post(
        "share",
        Leg(f"issuance:{P}", PTS, -30),
        Leg(member(one), PTS, 20, "2026-11"),
        Leg(member(other), PTS, 10, "2026-11"),
    )
    town.post("gift", Leg(member(one), PTS, -5), Leg(member(other), PTS, 5, "2026-11"))
    report = town.report()
    assert report["reconciles"], report["differences"]
    assert (report["points"]["issued"], report["points"]["outstanding"]) == (130, 130)


def test_a_redemption_while_a_member_is_read_makes_it_read_again(town: Town):
    town.put()
    me = town.member(_2026_11=1_000)
    report, read = town.start_report(), town.rewards.member_items
    times = 0

    def racing(member_id: str) -> Any:
        nonlocal times
        times += 1
        if times == 1:
            town.redeem(me)
        return read(member_id)

    town.rewards.member_items = racing  # type: ignore[method-assign]
    told = town.read(report)
    assert times == 2
    assert told["differences"] == []
    assert (told["reconciles"], told["in_motion"]) == (True, [])
    assert of(told, "cola")["stock"] == {"offered": 1_000, "left": 1_000, "promised": 0}, "as it stood before"
    assert of(town.report(), "cola")["stock"]["promised"] == 1


def test_a_reward_that_is_offered_while_a_report_runs_is_in_the_next_one(town: Town):
    town.put()
    report, me = town.start_report(), town.member(_2026_11=500)
    town.put(id="tea")
    town.redeem(me, "tea")
    told = town.read(report)
    assert (told["reconciles"], [each["reward_id"] for each in told["rewards"]]) == (True, ["cola"])
    assert of(town.report(), "tea")["stock"]["promised"] == 1


def test_a_coupon_that_is_handed_on_while_its_redeemer_is_read_counts_once(town: Town):
    town.fund(100_000)
    town.sponsored("tea", "coupon", stock=10)
    me, friend = town.member(_2026_11=1_000), town.member()
    made = town.redeem(me, "tea", 2)
    report, entries, times = town.start_report(), town.rewards.coupons._entries, 0

    def racing(member_id: str, prefix: str) -> Any:
        nonlocal times
        found = list(entries(member_id, prefix))
        if prefix == "K#":
            times += 1
            if times == 1:  # read where it was, and where it is then
                town.hand_on(town.coupons(made)[0], friend)
        return iter(found)

    town.rewards.coupons._entries = racing  # type: ignore[method-assign]
    told = town.read(report)
    assert told["reconciles"], told["differences"]
    assert of(told, "tea")["coupons"]["issued"] == 2


def test_a_report_is_started_once_and_a_shard_may_be_read_twice(town: Town):
    town.put()
    town.redeem(town.member(_2026_11=1_000))

    def start(key: str, body_hash: str = "") -> Any:
        return reconciliation.start(
            P,
            started_by="operator",
            key=key,
            body_hash=body_hash,
            points=town.points,
            offers=town.catalogue,
            rewards=town.rewards,
            now=NOW.replace(year=2027),
        )

    report = start("a")
    assert start("a") == report
    with pytest.raises(IdempotencyKeyReused):
        start("a", "another")
    assert reconciliation.find(report.id, town.points).shown()["status"] == "running"
    deps = reconciliation.Dependencies(town.points, town.ledger, town.rewards)
    for shard in range(AUDIT_SHARDS):
        reconciliation.read_shard(report.id, shard, deps=deps)
    told = town.read(report)
    assert told["reconciles"]
    assert (told["read"]["accounts"], told["points"]["issued"]) == (1, 1_000)
    with pytest.raises(ReportNotFound):
        reconciliation.find("nothing", town.points)


def in_shard(town: Town, shard: int, **lots: int) -> str:
    """A new member of one of the audit's shards."""
    while shard_of(member(me := town.id())) != shard:
        pass
    for lot, amount in lots.items():
        town.earn(me, amount, lot.removeprefix("_").replace("_", "-"))
    return me


def shard_of(account: str) -> int:
    return zlib.crc32(account.encode()) % AUDIT_SHARDS


def interrupted(town: Town, before: int, act: Callable[[], Any]) -> dict[str, Any]:
    """A report in which ``act`` happens before shard ``before`` is read."""
    report, deps = town.start_report(), reconciliation.Dependencies(town.points, town.ledger, town.rewards)
    for shard in range(AUDIT_SHARDS):
        if shard == before:
            act()
        reconciliation.read_shard(report.id, shard, deps=deps)
    reconciliation.close(report.id, deps=deps)
    return reconciliation.find(report.id, town.points).shown()


def test_what_is_settled_between_two_shards_is_still_due_in_the_report(town: Town):
    town.fund(100_000)
    town.sponsored("tea", "coupon", stock=10)
    me = in_shard(town, 0, _2026_11=1_000)
    for coupon in town.coupons(town.redeem(me, "tea", 2)):
        town.use(coupon)
    assert shard_of(f"merchant:{MERCHANT}") > 0
    told = interrupted(town, shard_of(f"merchant:{MERCHANT}"), lambda: town.settle("S1"))
    assert (told["reconciles"], told["in_motion"], told["differences"]) == (True, [], [])
    assert (of(told, "tea")["budget"]["due_fen"], of(town.report(), "tea")["budget"]["due_fen"]) == (60, 0)
    assert town.report()["reconciles"]


def test_a_piece_that_came_back_and_one_that_was_sold_meanwhile_stand_as_they_stood(town: Town):
    town.fund(100_000)
    town.sponsored("tea", "coupon", stock=10, cancellable=True)
    early, late = (in_shard(town, shard, _2026_11=1_000) for shard in (0, AUDIT_SHARDS - 1))
    given_back = town.redeem(early, "tea")

    def act() -> None:
        town.cancel(given_back)
        town.redeem(late, "tea")

    told = interrupted(town, 8, act)
    assert (told["reconciles"], told["in_motion"], told["differences"]) == (True, [], [])
    tea = of(told, "tea")
    assert (tea["stock"], tea["coupons"]["issued"]) == ({"offered": 10, "left": 9, "promised": 1}, 1)
    assert town.report()["reconciles"]


@pytest.mark.parametrize("seed", range(3))
def test_reports_of_a_busy_programme_reconcile_as_of_their_moments(town: Town, seed: int):
    """Whenever a member is read the others buy, give back, use and let expire; the pieces stand in three shards, so that they move
    between them, too."""
    chance, read = random.Random(seed), town.rewards.member_items
    town.fund(100_000)
    town.put(stock=60, shards=3)
    town.sponsored("tea", "coupon", stock=90, shards=3, cancellable=True)
    members = [town.member(_2026_11=50_000) for _ in range(8)]
    bought: list[Redemption] = []

    def live(me: str) -> None:
        if chance.random() < 0.5:
            town.redeem(me, "cola", chance.randint(1, 2))
        bought.append(town.redeem(me, "tea", chance.randint(1, 3)))
        mine = [each for each in bought if each.member_id == me]
        made = mine[chance.randrange(len(mine))]
        first = town.coupons(made)[0]
        if {each.status for each in town.coupons(made)} == {"issued"} and chance.random() < 0.5:
            town.cancel(made)
        elif first.status == "issued":
            town.let_expire(first)
        for each in town.coupons(made)[1:]:
            if each.status == "issued":
                town.use(each)
                break

    def among_others(member_id: str) -> Any:
        for _ in range(2):
            with suppress(OutOfStock):
                live(chance.choice([each for each in members if each != member_id]))
        return read(member_id)

    town.rewards.member_items = among_others  # type: ignore[method-assign]
    promised = []
    for _ in range(3):
        told = town.report()
        assert (told["reconciles"], told["in_motion"]) == (True, []), told["differences"]
        promised.append(of(told, "cola")["stock"]["promised"])
    assert promised[0] == 0, "what was bought while it ran is in the next one"
    assert promised[1] > 0


def test_a_report_is_not_closed_before_every_shard_was_read(town: Town):
    report, deps = town.start_report(), reconciliation.Dependencies(town.points, town.ledger, town.rewards)
    for shard in range(AUDIT_SHARDS - 1):
        reconciliation.read_shard(report.id, shard, deps=deps)
    with pytest.raises(LookupError):
        reconciliation.close(report.id, deps=deps)


def test_a_shard_that_is_cut_off_anywhere_goes_on_and_counts_everyone_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reconciliation, "ACCOUNTS_AT_ONCE", 2)
    town.put()
    for number in range(7):
        town.redeem(in_shard(town, 3, _2026_11=1_000 + number))
    report, deps = town.start_report(), reconciliation.Dependencies(town.points, town.ledger, town.rewards)
    read, left = town.rewards.member_items, 0

    def mortal(member_id: str) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError
        return read(member_id)

    monkeypatch.setattr(town.rewards, "member_items", mortal)
    for _ in range(2):  # each attempt reads three, and leaves two behind it
        left = 3
        with pytest.raises(RuntimeError):
            reconciliation.read_shard(report.id, 3, deps=deps)
    left = 3  # 4 of 7 are kept
    reconciliation.read_shard(report.id, 3, deps=deps)
    told = town.read(report)
    assert told["reconciles"], told["differences"]
    assert (told["read"]["accounts"], told["points"]["issued"]) == (7, 7_021)


def test_sums_that_are_half_written_leave_those_before(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs, "TEXT_MAX", 40)
    kept = Part(Tally(sums=Counter(accounts=1)), "member:a", 1)
    town.points.put_part("report", 3, kept)
    put, left = town.dynamodb.put_all, 2

    def mortal(*given: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise RuntimeError
        put(*given)

    monkeypatch.setattr(town.dynamodb, "put_all", mortal)
    with pytest.raises(RuntimeError):
        town.points.put_part("report", 3, Part(Tally(sums=Counter(accounts=200_000)), "member:b", 2))
    assert town.points.part("report", 3) == kept


# What breaks it


def busy(town: Town) -> tuple[str, Redemption]:
    """A town in which much has happened; one member and one of the redemptions."""
    town.fund(100_000)
    town.put()
    town.sponsored("tea", "coupon", stock=10)
    for _ in range(3):
        other = town.member(_2026_11=1_000)
        town.redeem(other)
        town.use(town.coupons(town.redeem(other, "tea", 2))[0])
    me = town.member(_2026_10=40, _2026_11=1_000)
    town.run("2026-11-20")
    town.redeem(me, quantity=2)
    chosen = town.redeem(me, quantity=3)
    town.redeem(me, "tea")
    assert town.report()["reconciles"]
    return me, chosen


def test_a_redemption_that_is_left_out_is_named(tampered_town: Town):
    town = tampered_town
    me, chosen = busy(town)
    town.dynamodb.delete_all(town.tables["rewards"], [{"owner": member(me), "entry": f"X#{chosen.id}"}])
    report = town.report()
    assert not report["reconciles"]
    assert differences(report) == {("redemption", chosen.id, "points"): -300}
    (reward,) = (each for each in report["differences"] if each["about"] == "reward")
    assert (reward["id"], reward["field"], reward["amount"]) == ("cola", "pieces", -3)


def test_a_transfer_that_is_left_out_is_named(tampered_town: Town):
    town = tampered_town
    me, chosen = busy(town)
    key = {"account": member(me), "entry": f"T#{chosen.transfer_id}"}
    town.dynamodb.delete_all(town.tables["ledger"], [key])
    assert differences(town.report()) == {
        ("redemption", chosen.id, "points"): 300,
        ("account", member(me), "points"): -300,
        ("account", member(me), "lot 2026-11"): -300,
    }


def test_an_expiry_that_is_left_out_is_named(tampered_town: Town):
    town = tampered_town
    me, _ = busy(town)
    (expiry,) = town.statement(me, "expire")
    key = {"account": member(me), "entry": f"T#{expiry.id}"}
    town.dynamodb.delete_all(town.tables["ledger"], [key])
    assert differences(town.report()) == {
        ("account", member(me), "points"): -40,
        ("account", member(me), "lot 2026-10"): -40,
    }


def changed(town: Town, table: str, key: dict[str, str], change: Callable[[dict[str, Any]], None]) -> None:
    item = town.dynamodb.get(town.tables[table], key)
    assert item
    change(item)
    town.dynamodb.put_all(town.tables[table], [item])


def test_a_redemption_that_is_off_by_one_point_is_named(tampered_town: Town):
    town = tampered_town
    me, chosen = busy(town)

    def dearer(item: dict[str, Any]) -> None:
        item["quantity"], item["price_points"] = 1, 301

    changed(town, "rewards", {"owner": member(me), "entry": f"X#{chosen.id}"}, dearer)
    assert differences(town.report()) == {("redemption", chosen.id, "points"): 1}


def test_a_transfer_that_is_off_by_one_point_is_named(tampered_town: Town):
    town = tampered_town
    me, chosen = busy(town)

    def dearer(item: dict[str, Any]) -> None:
        item["legs"][0]["amount"] -= 1
        item["legs"][1]["amount"] += 1

    changed(town, "ledger", {"account": member(me), "entry": f"T#{chosen.transfer_id}"}, dearer)
    assert differences(town.report()) == {
        ("redemption", chosen.id, "points"): -1,
        ("account", member(me), "points"): 1,
        ("account", member(me), "lot 2026-11"): 1,
    }


def test_a_balance_that_is_off_by_one_point_is_named(tampered_town: Town):
    town = tampered_town
    me, _ = busy(town)

    def richer(item: dict[str, Any]) -> None:
        item["points"] += 1

    changed(town, "ledger", {"account": member(me), "entry": f"B#{P}"}, richer)
    assert differences(town.report()) == {("account", member(me), "points"): 1}


def test_a_coupon_that_is_left_out_is_named(tampered_town: Town):
    town = tampered_town
    me, _ = busy(town)
    (coupon,) = town.rewards.member_items(me)[1]
    town.dynamodb.delete_all(town.tables["rewards"], [{"owner": member(me), "entry": f"K#{coupon.id}"}])
    assert differences(town.report()) == {("coupon", coupon.id, "pieces"): -1}


def test_a_coupon_that_a_friend_holds_and_that_is_left_out_is_named(tampered_town: Town):
    town = tampered_town
    me, _ = busy(town)
    (coupon,), friend = town.rewards.member_items(me)[1], town.member()
    town.hand_on(coupon, friend)
    assert town.report()["reconciles"]
    town.dynamodb.delete_all(town.tables["rewards"], [{"owner": member(friend), "entry": f"K#{coupon.id}"}])
    assert differences(town.report()) == {("coupon", coupon.id, "pieces"): -1}


def test_a_coupon_without_its_redemption_is_named(tampered_town: Town):
    town = tampered_town
    me, _ = busy(town)
    (coupon,), friend = town.rewards.member_items(me)[1], town.member()
    town.hand_on(coupon, friend)
    key = {"owner": member(me), "entry": f"X#{coupon.redemption_id}"}
    town.dynamodb.delete_all(town.tables["rewards"], [key])
    assert differences(town.report()) == {
        ("coupon", coupon.id, "redemption"): 1,
        ("redemption", coupon.redemption_id, "points"): -100,
    }


def test_a_difference_is_told_though_pieces_are_sold_meanwhile(tampered_town: Town):
    town = tampered_town
    me, chosen = busy(town)
    town.dynamodb.delete_all(town.tables["rewards"], [{"owner": member(me), "entry": f"X#{chosen.id}"}])
    report = town.start_report()
    town.redeem(me)
    told = town.read(report)
    assert (told["reconciles"], told["in_motion"]) == (False, [])
    assert differences(told) == {("redemption", chosen.id, "points"): -300}


def test_a_piece_and_a_fen_too_few_are_named(tampered_town: Town):
    town = tampered_town
    busy(town)

    def fewer(item: dict[str, Any]) -> None:
        item["stock_left"] -= 1

    changed(town, "rewards", {"owner": "stock:tea:0", "entry": "stock"}, fewer)
    report = town.report()
    assert {(each["id"], each["field"], each["amount"]) for each in report["differences"]} == {
        ("tea", "pieces", -1),
        ("tea", "committed_fen", -30),
    }


def test_a_settlement_that_moved_something_else_than_was_claimed_is_named(tampered_town: Town):
    town = tampered_town
    me, _ = busy(town)
    assert town.settle("S1") == 3 * 30
    assert town.report()["reconciles"]
    town.use(town.rewards.member_items(me)[1][0])
    assert town.settle("S2", post=False) == 30
    legs = (Leg("committed:tea", "CNY", -29), Leg(f"merchant:{MERCHANT}", "CNY", 29))
    town.post("settle", *legs, reference="S2")
    assert differences(town.report()) == {("settlement", "S2", "fen tea"): 1}


def test_an_order_that_is_left_out_is_named(tampered_town: Town):
    town = tampered_town
    town.put(id="ride", kind="service", partner_id=PARTNER, partner_item="ride")
    me = town.member(_2026_11=1_000)
    waiting = town.redeem(me, "ride", 2)
    town.dynamodb.delete_all(town.tables["rewards"], [{"owner": member(me), "entry": f"X#{waiting.id}"}])
    assert differences(town.report()) == {("redemption", waiting.id, "held"): -200}


def test_a_report_that_stopped_says_so_until_it_is_done(town: Town):
    report = town.start_report()
    town.points.stop_report(report.id)
    told = reconciliation.find(report.id, town.points).shown()
    assert (told["status"], told["stopped"]) == ("running", True)
    assert gateway.declares("get_report", 200, told)
    assert "stopped" not in town.read(report)
    town.points.stop_report(report.id)  # by a twin that comes late
    assert "stopped" not in reconciliation.find(report.id, town.points).shown()


def test_a_report_that_is_asked_for_again_is_answered_without_reading_what_it_found(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    def start() -> Report:
        return reconciliation.start(
            P,
            started_by="operator",
            key="k",
            body_hash="h",
            points=town.points,
            offers=town.catalogue,
            rewards=town.rewards,
            now=NOW,
        )

    town.put()
    first = start()
    town.read(first)
    call, used = town.dynamodb._call, set()

    def counting(service: str, operation: str, request: dict[str, Any]) -> Any:
        used.add((operation, request.get("TableName")))
        return call(service, operation, request)

    monkeypatch.setattr(town.dynamodb, "_call", counting)
    assert start().shown() == first.shown()
    assert {operation for operation, table in used if table == town.points.table} == {"GetItem"}
