"""The rules of stock and of what an operator may put."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui import rewards
from puhui.ledger.api import Leg
from puhui.programmes.errors import ProgrammeNotFound
from puhui.rewards.catalogue.model import CLOSED, PROPOSED, require_quantity, revised
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.errors import (
    OutOfStock,
    QuantityInvalid,
    RewardIdTaken,
    RewardInvalid,
    RewardShrinks,
    RewardTermsFixed,
)
from puhui.rewards.redemptions.model import redemption_of
from puhui.rewards.redemptions.tickets import ahead
from puhui.rewards.redemptions.transfers import refund
from puhui.rewards.stock import model as stock

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PRESETS = Path(rewards.__file__).parent / "presets"
COLA: dict[str, Any] = json.loads((PRESETS / "carbon-88.json").read_text(encoding="utf-8"))[0]
shards = st.lists(st.integers(0, 30), min_size=1, max_size=8)


@given(shards, st.data())
def test_what_is_drawn_is_what_was_asked_for_and_no_shard_goes_below_zero(
    left: list[int], data: st.DataObject
):
    home = data.draw(st.integers(0, len(left) - 1))
    quantity = data.draw(st.integers(1, 100))
    if sum(left) < quantity:
        with pytest.raises(OutOfStock) as refused:
            stock.draws(left, home, quantity)
        assert refused.value.details == {"stock_left": sum(left)}
        return
    draws = stock.draws(left, home, quantity)
    assert sum(draws.values()) == quantity
    after = [count - draws.get(shard, 0) for shard, count in enumerate(left)]
    assert min(after) >= 0
    assert all(count > 0 or shard == home for shard, count in draws.items())
    assert len(draws) <= 2 or max(left) < quantity
    if left[home] < quantity <= max(left):  # the next who look at home find half of what the giver had over
        (donor,) = draws.keys() - {home}
        assert after[home] - left[home] == (left[donor] - quantity) // 2


@given(shards, st.lists(st.tuples(st.integers(0, 7), st.integers(1, 9)), max_size=60))
def test_pieces_taken_and_pieces_left_always_add_up(left: list[int], orders: list[tuple[int, int]]):
    start, taken = sum(left), 0
    for member, quantity in orders:
        try:
            draws = stock.draws(left, member % len(left), quantity)
        except OutOfStock:
            assert sum(left) < quantity
            continue
        for shard, count in draws.items():
            left[shard] -= count
        taken += quantity
        assert sum(left) + taken == start
        assert min(left) >= 0


@given(shards, st.data())
def test_a_short_shard_is_helped_by_one_of_the_fullest_which_keeps_half(left: list[int], data: st.DataObject):
    home = data.draw(st.integers(0, len(left) - 1))
    quantity = data.draw(st.integers(1, 9))
    if not left[home] < quantity <= max(left):
        return
    draws = stock.draws(left, home, quantity)
    (donor,) = draws.keys() - {home}
    assert 2 * left[donor] >= max(left)
    assert draws[donor] + draws.get(home, 0) == quantity
    after = {shard: left[shard] - count for shard, count in draws.items()}
    assert all(count >= 0 for count in after.values())
    assert 0 <= after[donor] - (after.get(home, left[home]) - left[home]) <= 1
    assert 0 not in draws.values()  # no write that does nothing


@given(st.integers(1, 12), st.integers(1, 400), st.data())
def test_pieces_that_stand_in_one_shard_find_their_way_to_all(count: int, pieces: int, data: st.DataObject):
    """A shard that is short costs a second read, and one more item in the transaction: it is seldom short."""
    left = [0] * count
    left[data.draw(st.integers(0, count - 1))] = pieces
    short = 0
    for turn in range(pieces):
        home = turn % count
        draws = stock.draws(left, home, 1)
        short += draws != {home: 1}
        for shard, taken in draws.items():
            left[shard] -= taken
    assert left == [0] * count
    assert short <= count * (pieces.bit_length() + 1)


def test_shards_that_nobody_looks_at_give_up_all_they_have():
    left, sold = [0, 40, 0, 60], 0
    while sum(left):
        for shard, taken in stock.draws(left, 0, 1).items():
            left[shard] -= taken
        sold += 1
    assert sold == 100


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, stock.QUEUE_SHARDS_MAX))
def test_a_place_in_the_queue_never_grows_while_others_are_served(number: int, serving: int, lanes: int):
    places = [ahead(number, each, lanes) for each in (serving, serving + 1)]
    assert places[1] <= places[0]
    assert min(places) >= 0
    assert ahead(number, number - 1, lanes) == ahead(number, number, lanes) == 0


@given(st.integers(0, 10**9), st.integers(1, stock.SHARDS_MAX))
def test_stock_is_split_evenly_to_the_last_piece(pieces: int, count: int):
    spread = stock.split(pieces, count)
    assert (sum(spread), len(spread)) == (pieces, count)
    assert max(spread) - min(spread) <= 1


@pytest.mark.parametrize(("peak", "expected"), [(1, 1), (250, 1), (251, 2), (10_000, 40)])
def test_a_shard_bears_250_writes_a_second(peak: int, expected: int):
    assert stock.shards_for(peak) == expected


@pytest.mark.parametrize("quantity", [0, -1, 101, True, 1.5])
def test_a_quantity_is_one_to_a_hundred_whole_pieces(quantity: Any):
    with pytest.raises(QuantityInvalid):
        require_quantity(quantity)


def test_the_presets_are_rewards_of_their_programme_with_the_seeds_price_of_cola():
    for path in PRESETS.glob("*.json"):
        rewards = [terms_from(each) for each in json.loads(path.read_text(encoding="utf-8"))]
        assert {reward.programme_id for reward in rewards} == {path.stem}
        assert len({reward.id for reward in rewards}) == len(rewards)
    prices = {
        each["id"]: each["price_points"] for each in json.loads((PRESETS / "carbon-88.json").read_bytes())
    }
    assert prices == {"carbon-88-cola-12": 500, "carbon-88-toothpaste": 300, "carbon-88-usb-cable": 800}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price_points", 0),
        ("price_points", 1.5),
        ("price_points", True),
        ("price_points", "500"),
        ("price_points", 10**10),
        ("stock", -1),
        ("per_member_limit", 0),
        ("shards", 41),
        ("shards", 0),
        ("kind", "cash"),
        ("title", {"en": "Cola"}),
        ("title", {"zh-CN": "可乐", "en": " "}),
        ("title", "Cola"),
        ("per_day_limit", 0),
        ("queue_lanes", 401),
        ("queue_lanes", -1),
        ("valid_days", 0),
        ("valid_days", 3_651),
        ("state", "closed"),
        ("cancellable", "yes"),
        ("description", {"zh-CN": "一", "en": ""}),
        ("pictures", "tea"),
        ("pictures", [f"p{number}" for number in range(10)]),
        ("pictures", ["../../other"]),
        ("regions", ["Guangdong"]),
        ("regions", ["CN-GD-GZ-1"]),
        ("opens_at", "2026-11-20"),
        ("opens_at", "2026-11-20T12:00:00"),
        ("opens_at", 7),
        ("merchant_id", "no spaces"),
        ("sponsor", {"budget_id": "green", "fen": 1}),
        ("sponsor", {"fen": 1}),
        ("id", "no spaces"),
        ("id", 7),
        ("colour", "red"),
    ],
)
def test_a_reward_that_breaks_a_rule_names_the_field(field: str, value: Any):
    with pytest.raises(RewardInvalid) as refused:
        terms_from({**COLA, field: value})
    assert refused.value.details["field"] == field


def test_a_reward_of_no_programme_is_refused():
    with pytest.raises(ProgrammeNotFound):
        terms_from({**COLA, "programme_id": "elsewhere"})


def test_a_reward_without_an_id_always_gets_the_same_one():
    nameless = {name: value for name, value in COLA.items() if name not in ("id", "delivery")}
    assert terms_from(nameless).id == terms_from({**nameless, "price_points": 1}).id
    assert terms_from(nameless).id != terms_from({**nameless, "kind": "donation"}).id


def test_stock_shards_and_programme_of_a_reward_do_not_shrink_or_move():
    standing = revised(None, terms_from({**COLA, "shards": 4}))
    for change in ({"stock": 999}, {"shards": 3}):
        with pytest.raises(RewardShrinks) as shrinks:
            revised(standing, terms_from({**COLA, **change}))
        assert {shrinks.value.details["field"]} == change.keys()
    with pytest.raises(RewardIdTaken):
        revised(standing, replace(standing, programme_id="walk-and-win"))


def test_a_queue_that_would_shrink_is_named_as_the_contract_names_it():
    terms = {**COLA, "queue_lanes": 8}
    with pytest.raises(RewardShrinks) as shrinks:
        revised(revised(None, terms_from(terms)), terms_from({**terms, "queue_lanes": 4}))
    assert shrinks.value.details["field"] == "queue_lanes"


def test_the_same_reward_again_is_no_change_and_keeps_its_shards():
    standing = revised(None, terms_from({**COLA, "shards": 4}))
    assert revised(standing, terms_from(COLA)) is standing
    raised = revised(standing, terms_from({**COLA, "stock": 1_001}))
    assert (raised.stock, raised.shards, raised.version) == (1_001, 4, 2)


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("closes_at", {"opens_at": "2026-11-20T12:00:00Z", "closes_at": "2026-11-20T20:00:00+08:00"}),
        ("merchant_id", {"kind": "coupon"}),
        ("delivery", {"kind": "donation"}),
        ("delivery", {"kind": "leave_day", "programme_id": "green-passport-3060"}),
        ("delivery", {"merchant_id": "m"}),
        ("delivery", {"delivery": "pigeon"}),
        ("partner_id", {"kind": "donation", "merchant_id": "m", "partner_id": "p"}),
        ("partner_id", {"kind": "leave_day", "partner_id": "p", "programme_id": "green-passport-3060"}),
        ("fen", {"merchant_id": "m", "sponsor": {"budget_id": "green", "fen": 10**7 + 1}}),
        ("fen", {"merchant_id": "m", "sponsor": {"budget_id": "green", "fen": 0}}),
        ("sponsor", {"merchant_id": "m", "sponsor": {"budget_id": "", "fen": 1}}),
        (
            "sponsor",
            {"merchant_id": "m", "stock": 10**9, "sponsor": {"budget_id": "green", "fen": 10**6 + 1}},
        ),
    ],
)
def test_terms_that_do_not_fit_each_other_name_the_field(field: str, terms: dict[str, Any]):
    with pytest.raises(RewardInvalid) as refused:
        terms_from({**COLA, **terms})
    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    ("way", "terms"),
    [
        ("address", {"kind": "good"}),
        ("address", {"kind": "good", "partner_id": "p"}),
        ("till", {"kind": "good", "merchant_id": "m"}),
        ("till", {"kind": "leave_day", "merchant_id": "m", "programme_id": "green-passport-3060"}),
        ("operator", {"kind": "leave_day", "programme_id": "green-passport-3060"}),
        ("operator", {"kind": "service"}),
        ("none", {"kind": "service", "partner_id": "p"}),
        ("none", {"kind": "donation", "merchant_id": "m"}),
    ],
)
def test_without_a_word_a_reward_is_handed_over_as_its_kind_usually_is(way: str, terms: dict[str, Any]):
    document = {name: value for name, value in COLA.items() if name != "delivery"}
    assert terms_from({**document, **terms}).delivery == way


def test_closed_stays_closed_and_a_proposal_may_shrink():
    standing = revised(None, terms_from({**COLA, "shards": 4}))
    with pytest.raises(RewardTermsFixed):
        revised(replace(standing, state=CLOSED), terms_from(COLA))
    smaller = terms_from({**COLA, "shards": 2, "stock": 1})
    proposed = revised(replace(standing, state=PROPOSED), smaller)
    assert (proposed.shards, proposed.stock, proposed.state) == (2, 1, PROPOSED)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.data())
def test_refunds_of_all_pieces_give_back_every_lot_as_it_was(lots: list[int], data: st.DataObject):
    total = sum(lots)
    price = data.draw(st.sampled_from([each for each in range(1, total + 1) if total % each == 0]))
    made = redemption_of(
        terms_from({**COLA, "price_points": price}), "A", "X" * 26, total // price, "hash", b"sealed", NOW
    )
    spent = [Leg("member:A", "PTS:carbon-88", -each, f"2027-{n + 1:02}") for n, each in enumerate(lots)]
    back: dict[str, int] = {}
    for piece in range(made.quantity):
        back_again = refund(made, spent[::-1], piece * price, price, NOW, str(piece))
        assert sum(leg.amount for leg in back_again.legs) == 0
        for leg in back_again.legs[1:]:
            back[leg.lot] = back.get(leg.lot, 0) + leg.amount
    assert back == {leg.lot: -leg.amount for leg in spent}
    with pytest.raises(ValueError, match="more points"):
        refund(made, spent, 1, total, NOW)
