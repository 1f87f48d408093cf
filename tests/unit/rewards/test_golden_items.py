"""Every stored shape of the rewards has a golden item."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from puhui.merchants.api import Picture
from puhui.rewards.catalogue.listing import _RewardItem
from puhui.rewards.catalogue.model import COUPON_DAYS, Reward
from puhui.rewards.catalogue.repository import REWARD
from puhui.rewards.coupons.model import Coupon
from puhui.rewards.coupons.repository import COUPON
from puhui.rewards.payables import Payable, payable_from
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.redemptions.repository import REDEMPTION
from puhui.rewards.repositories import Rewards
from puhui.rewards.requests import Request
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from tests.support.golden import check, check_item, check_wire

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TITLE = {"zh-CN": "可乐", "en": "Cola"}


def later(days: int) -> datetime:
    return AT + timedelta(days=days)


REWARD_VALUE = Reward(
    id="cola",
    programme_id="carbon-88",
    kind="coupon",
    title=TITLE,
    price_points=500,
    stock=1_000,
    per_member_limit=5,
    shards=4,
    version=3,
    state="paused",
    per_day_limit=2,
    opens_at=later(1),
    closes_at=later(2),
    description={"zh-CN": "十二罐", "en": "Twelve cans"},
    pictures=(Picture("D1", "documents/D1", "trace-1"),),
    regions=("CN-GD",),
    merchant_id="M1",
    budget_id="green",
    fen=150,
    partner_id="cinema",
    partner_item="T-1",
    queue_shards=6,
    cancellable=True,
    valid_days=30,
    proposed_by="P1 P2",
    published_by="O1",
    delivery="till",
)


REDEMPTION_VALUE = Redemption(
    id="R1",
    member_id="A1",
    reward_id="cola",
    programme_id="carbon-88",
    title=TITLE,
    quantity=2,
    price_points=500,
    status="fulfilled",
    redeemed_at=AT,
    transfer_id="T1",
    body_hash="hash",
    version=7,
    delivery=b"address",
    kind="service",
    counts_for_member=True,
    counts_for_day=True,
    merchant_id="M1",
    budget_id="green",
    fen=150,
    partner_id="cinema",
    cancellable=True,
    coupons=("R1-0", "R1-1"),
    queue_shard=3,
    queue_shards=6,
    number=41,
    reason_code="PARTNER_SILENT",
    answer="issued",
    reference="P-9",
    voucher=b"voucher",
    cancelling=True,
    given_back_at=later(1),
    unsure=True,
    late_answer="unknown",
    task_token="token",
    next_check_at=later(2),
    handover="address",
    sent_at=later(3),
    carrier="SF",
    received_at=later(4),
    confirmed=8,
    taken_in="mark-1",
    returned_in="mark-2",
    payable_id="01KAGZ3V9Q8M4T2X7C5R6N1P0D",
    settlement_id="S1",
)
COUPON_VALUE = Coupon(
    id="R1-0",
    member_id="A2",
    redeemer_id="A1",
    redemption_id="R1",
    reward_id="tea",
    programme_id="carbon-88",
    kind="coupon",
    title=TITLE,
    price_points=100,
    merchant_id="M1",
    budget_id="green",
    fen=150,
    regions=("CN-GD",),
    code="ABCD2345EFGH",
    issued_at=AT,
    expires_at=later(30),
    transferable=True,
    returns_points=True,
    version=4,
    status="used",
    used_at=later(1),
    branch_id="tianhe",
    verification_id="V1",
    returned_in="mark-2",
    payable_id="01KAGZ3V9Q8M4T2X7C5R6N1P0D",
    settlement_id="S1",
)


def test_a_reward():
    check("rewards", "reward", REWARD, REWARD_VALUE)


def test_a_redemption_that_is_checked():
    check("rewards", "redemption", REDEMPTION, REDEMPTION_VALUE)


def test_a_redemption_that_is_payable():
    value = replace(REDEMPTION_VALUE, next_check_at=None, settlement_id="", kind="good", version=1)
    check_item("rewards", "redemption_payable", value, REDEMPTION.item, REDEMPTION.read)


def test_a_coupon_that_was_settled():
    check("rewards", "coupon", COUPON, COUPON_VALUE)


def test_a_coupon_that_was_issued():
    value = replace(
        COUPON_VALUE, status="issued", used_at=None, payable_id="", settlement_id="", returned_in=""
    )
    check_item("rewards", "coupon_issued", value, COUPON.item, COUPON.read)


def test_payables_of_a_coupon_and_of_a_redemption():
    of_coupon, of_redemption = (
        payable_from(each) for each in (COUPON.item(COUPON_VALUE), REDEMPTION.item(REDEMPTION_VALUE))
    )
    id, settlement_id = COUPON_VALUE.payable_id, "S1"  # noqa: A001 the field's name
    at = of_coupon.verified_at
    assert of_coupon == Payable(
        id,
        "member:A2",
        "K#R1-0",
        "M1",
        "carbon-88",
        "tea",
        "R1",
        "R1-0",
        "green",
        150,
        1,
        "tianhe",
        at,
        settlement_id,
    )
    assert of_redemption == Payable(
        id, "member:A1", "X#R1", "M1", "carbon-88", "cola", "R1", "", "green", 150, 2, "", at, settlement_id
    )


def test_what_is_written_beside_redemptions_and_coupons():
    session = Session(DynamoDB())
    rewards = Rewards(session._dynamodb, "rewards")
    rewards.orders.add(session, REDEMPTION_VALUE)
    rewards.deliveries.add(session, REDEMPTION_VALUE)
    rewards.deliveries.remove(session, REDEMPTION_VALUE, later(3))
    rewards.limits.count(session, REDEMPTION_VALUE, REWARD_VALUE)
    rewards.limits.give_back(session, REDEMPTION_VALUE, 2)
    rewards.tickets.release(session, REDEMPTION_VALUE)
    rewards.stock.add(session, "cola", [3])
    rewards.stock.draw(session, "cola", {1: 2, 2: -4}, "mark-1")
    rewards.stock.give_back(session, REWARD_VALUE, "A1", 2, "")
    rewards.coupons.hand_on(session, COUPON_VALUE, replace(COUPON_VALUE, member_id="A3", code="JKMN6789PQRS"))
    rewards.redemptions.confirm_piece(session, "A1", "R1", later(4))
    rewards.payables.add_claim(session, payable_from(COUPON.item(COUPON_VALUE)), "S2")
    rewards.requests.add(session, Request("A1", "Q1", "hash", has_key=True), "R1-0", "A2")
    rewards.catalogue.add_report(session, "cola", {"id": "P1", "at": "2026-11-20", "report": {"points": 9}})
    check_wire("rewards", "beside", {"actions": list(session.actions)})


def test_what_is_counted_and_noted_at_once():
    calls: list[dict[str, object]] = []

    def call(_service: str, operation: str, request: dict[str, object]) -> dict[str, object]:
        calls.append({operation: request})
        return {"Attributes": {"issued": {"N": "7"}, "serving": {"N": "6"}, "stock_left": {"N": "5"}}}

    rewards = Rewards(DynamoDB(call), "rewards")
    rewards.tickets.reserve(REDEMPTION_VALUE)
    rewards.tickets.advance(REDEMPTION_VALUE)
    rewards.tickets.requeue(REDEMPTION_VALUE, later(1), AT)
    rewards.redemptions.confirm_receipt(REDEMPTION_VALUE, later(4))
    rewards.redemptions.claim_notice("A1", "R1-return-1")
    rewards.stock._mark_shards(replace(REWARD_VALUE, shards=1), "mark-1")
    check_wire("rewards", "at_once", {"calls": calls})


def test_a_published_term_is_stored_even_when_it_is_the_default():
    item = REWARD.item(replace(REWARD_VALUE, valid_days=COUPON_DAYS))
    assert item["valid_days"] == COUPON_DAYS


def test_a_list_of_rewards_reads_whatever_a_reward_stores():
    assert REWARD.item(REWARD_VALUE).keys() <= _RewardItem.get_attributes().keys()
