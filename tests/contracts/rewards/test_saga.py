"""Redemptions in which a partner has a say, on real tables: every answer, silence, lateness and change of mind, told once."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from infra.local.partner import webhooks
from infra.local.partner.stand_in import StandIn
from puhui.edge.task import task
from puhui.kernel import clock, ids
from puhui.kernel.errors import Unavailable
from puhui.ledger.api import lot_expiring, member
from puhui.partners import api as partners
from puhui.partners import usecases as partners_usecases
from puhui.partners.api import Partners, PartnerUnavailable, SignatureInvalid
from puhui.partners.model import Message, Reply
from puhui.rewards import reconciling
from puhui.rewards.checks import END_SHARDS
from puhui.rewards.coupons import usecases as coupons
from puhui.rewards.coupons.model import OFFLINE_GRACE
from puhui.rewards.coupons.views import voucher_body
from puhui.rewards.errors import (
    CouponNotFound,
    NotCancellable,
    OrderNotFound,
    OrderVoid,
    PayableClaimed,
    RedemptionNotFound,
)
from puhui.rewards.redemptions import outbox, saga
from puhui.rewards.redemptions import reconciling as redemption_reconciling
from puhui.rewards.redemptions.model import (
    CANCELLATION_SENT,
    CANCELLED,
    FULFILLED,
    PROCESSING,
    REFUNDED,
    Redemption,
)
from puhui.rewards.redemptions.repository import REDEMPTION
from puhui.store import aws
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from tests.contracts.rewards.conftest import CURSORS, NOW, Shop, Store
from tests.faults.redemptions import SECRET, Partner

SEALER = Sealer(bytes(range(32)), b"pepper")
WAITS = 3600
LATER = NOW + timedelta(hours=2, minutes=1)


def nothing() -> None:
    """Nobody else wants a turn."""


class Cinema:
    """A partner whose tickets cost 100 points, and members who redeem them."""

    def __init__(self, shop: Shop, table: str) -> None:
        self.shop = shop
        self.partner = Partner(nothing, nothing)
        self.registry = Partners(DynamoDB(), table, SEALER)
        self.register("cinema")
        self.desk = saga.Dependencies(
            shop.rewards,
            shop.ledger,
            self.registry,
            lambda: self.partner.send,
            lambda: SEALER,
            "https://api.example/v1",
        )

    def register(self, name: str) -> None:
        """A partner at an address of its own."""
        body = {
            "programme_id": "carbon-88",
            "name": {},
            "url": f"https://{name}.example",
            "answer_within_seconds": WAITS,
        }
        partners_usecases.put_partner(partners_usecases.wanted_from(name, body), partners=self.registry)
        partners_usecases.add_secret(name, by="o", key=None, partners=self.registry, now=NOW, given=SECRET)

    def redeem(
        self, store: Store | None = None, *, months: tuple[int, ...] = (24,), **terms: Any
    ) -> Redemption:
        """Two tickets of a member with 250 points, ordered by nobody yet; 8 of 10 are left."""
        standard = {
            "id": "ticket",
            "kind": "service",
            "price_points": 100,
            "stock": 10,
            "partner_id": "cinema",
        }
        more = {"per_member_limit": 4, "per_day_limit": 3, "cancellable": True}
        self.shop.put(**standard | more | ({"merchant_id": store.id} if store else {}) | terms)
        made = self.shop.redeem(self.shop.member(250, months=months), 2, "key", reward_id="ticket")
        assert made.status == PROCESSING
        return made

    def fate(self, fate: str, lost: str = "", *, takes_back: bool = True) -> None:
        """From now on."""
        self.partner.fate, self.partner.lost = (lambda: fate), (lambda: lost)
        self.partner.cancellable = lambda: takes_back

    def issue(self, made: Redemption) -> dict[str, Any]:
        return saga.issue(made.member_id, made.id, deps=self.desk, now=NOW)

    def cancel_order(self, made: Redemption, now: datetime = NOW) -> str:
        return saga.cancel_order(made.member_id, made.id, deps=self.desk, now=now)

    def end(self, made: Redemption, now: datetime = NOW) -> Redemption:
        return saga.end(made.member_id, made.id, deps=self.desk, now=now)

    def reconcile(self, now: datetime) -> dict[str, int]:
        return reconciling.reconcile(deps=self.desk, now=now)

    def fulfilled(self, store: Store | None = None, *, takes_back: bool = True, **terms: Any) -> Redemption:
        """One that the partner issued at once."""
        made = self.redeem(store, **terms)
        self.fate("issued", takes_back=takes_back)
        self.issue(made)
        return self.end(made)

    def answer(self, made: Redemption, status: str = "issued", secret: str = SECRET) -> Redemption:
        """The partner calls back, signed as partners do it, by code that is not ours."""
        told = {
            "type": "order.answered",
            "order_id": made.id,
            "status": status,
            "reference": "A-1",
            "voucher": "V-7",
        }
        body = json.dumps(told).encode()
        headers = webhooks.signed([secret], "msg_1", body)
        return saga.answer_order(made.id, headers, body, deps=self.desk, now=clock.now())

    def state(self, made: Redemption) -> Redemption:
        return self.shop.rewards.redemptions.find(made.member_id, made.id)

    def count(self, made: Redemption) -> tuple[int, int, int | None, int | None]:
        """Points of the member, pieces left, pieces taken, pieces taken today."""
        day = clock.programme_day(NOW).isoformat()
        taken = [self.shop.taken(made.member_id, entry) for entry in ("ticket", f"ticket#{day}")]
        balance = self.shop.ledger.balance(member(made.member_id), "carbon-88").amounts["points"]
        return balance, sum(self.shop.left("ticket")), taken[0], taken[1]


SPENT, BACK = (50, 8, 2, 2), (250, 10, 0, 0)


@pytest.fixture
def cinema(shop: Shop, make_table: Callable[[str], str]) -> Cinema:
    return Cinema(shop, make_table("partners"))


# What the partner says


def test_points_and_pieces_are_held_while_the_partner_decides(cinema: Cinema):
    made = cinema.redeem()
    held = cinema.shop.ledger.hold(member(made.member_id), made.id)
    assert held
    assert (cinema.count(made), held.state, cinema.shop.spent(made.member_id)) == (SPENT, "pending", 0)


def test_what_is_issued_at_once_is_spent_once(cinema: Cinema):
    made = cinema.redeem()
    assert cinema.issue(made) == {"answer": "issued", "wait_seconds": 0}
    done = cinema.end(made)
    assert (done.status, cinema.count(made), cinema.shop.spent(made.member_id)) == (FULFILLED, SPENT, 1)
    assert SEALER.open(done.voucher, made.id, "voucher") == cinema.partner.orders[made.id].voucher


def test_what_is_accepted_is_spent_when_the_partner_calls_back(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("accepted")
    assert cinema.issue(made) == {"answer": "accepted", "wait_seconds": WAITS}
    assert saga.wait(made.member_id, made.id, "token", deps=cinema.desk) is None
    assert saga.order_body(cinema.answer(made)) == {"order_id": made.id, "status": "issued"}
    assert saga.wait(made.member_id, made.id, "token", deps=cinema.desk) == "issued"
    done = cinema.end(made)
    assert (done.status, done.reference, done.task_token, cinema.count(made)) == (FULFILLED, "A-1", "", SPENT)
    assert SEALER.open(done.voucher, made.id, "voucher") == "V-7"


@pytest.mark.parametrize("fate", ["issued", "accepted", "refused"])
def test_an_address_reaches_the_partner_and_is_not_kept_beyond_the_order(cinema: Cinema, fate: str):
    cinema.shop.put(id="cup", price_points=100, stock=10, partner_id="cinema", delivery="address")
    home = {"recipient": "陈小满", "phone": "13800000000", "address": "天河路 1 号"}
    me, said = cinema.shop.member(250), []
    redemption_id = ids.key_id(me, "redeem", "key")
    sealed = SEALER.seal(json.dumps(home), redemption_id, "delivery")
    made = cinema.shop.redeem(me, 1, "key", reward_id="cup", delivery=sealed)
    take = cinema.partner.take
    cinema.partner.take = lambda order: (said.append(order), take(order))[1]  # type: ignore[method-assign]
    cinema.fate(fate)
    cinema.issue(made)
    assert [order["delivery"] for order in said] == [home]
    if fate == "accepted":
        cinema.answer(made)
    assert cinema.state(made).delivery == sealed
    assert cinema.end(made).delivery == cinema.state(made).delivery == b""
    assert "陈小满" not in repr(made)


def test_an_address_that_nobody_delivers_to_is_not_kept(shop: Shop):
    store = shop.open_store()
    shop.put_coupon(store, stock=10)
    shop.put(kind="donation", id="trees")
    me = shop.member(5_000)
    assert [shop.redeem(me, reward_id=each, delivery=b"sealed").delivery for each in ("tea", "trees")] == [
        b""
    ] * 2


@pytest.mark.parametrize("later", [False, True])
def test_what_is_refused_brings_points_pieces_and_limits_back(cinema: Cinema, later: bool):
    made = cinema.redeem()
    cinema.fate("accepted" if later else "refused")
    cinema.issue(made)
    if later:
        cinema.answer(made, "refused")
    done = cinema.end(made)
    assert (done.status, done.reason_code, cinema.count(made)) == (REFUNDED, "PARTNER_REFUSED", BACK)
    assert not done.unsure


def test_a_partner_out_of_reach_has_the_order_called_off(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("issued", "before")
    with pytest.raises(PartnerUnavailable):
        cinema.issue(made)
    cinema.fate("issued")
    assert cinema.cancel_order(made) == "cancelled"  # it had never heard of it
    done = cinema.end(made)
    assert (done.status, done.reason_code, done.unsure) == (REFUNDED, "PARTNER_SILENT", False)
    assert cinema.count(made) == BACK
    assert cinema.issue(made) == {"answer": "over", "wait_seconds": 0}


def test_what_was_issued_unheard_and_stays_is_asked_for_again(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("issued", "after", takes_back=False)
    with pytest.raises(PartnerUnavailable):
        cinema.issue(made)
    cinema.fate("issued", takes_back=False)
    assert cinema.cancel_order(made) == "issued"
    done = cinema.end(made)
    assert (done.status, cinema.count(made)) == (FULFILLED, SPENT)
    assert SEALER.open(done.voucher, made.id, "voucher") == cinema.partner.orders[made.id].voucher


class Clerk:
    """A partner's server whose answers to orders and to cancellations get lost each in its own way."""

    def __init__(self, cinema: Cinema) -> None:
        self.send, self.orders_lost, self.asked = cinema.partner.send, 0, 0
        cinema.partner.send = self  # type: ignore[method-assign, assignment]

    def __call__(self, message: Message, headers: dict[str, str]) -> Reply:
        reply = self.send(message, headers)
        if message.url.endswith("/orders"):
            self.asked += 1
            if self.orders_lost:
                self.orders_lost -= 1
                raise PartnerUnavailable(reason="lost")
        return reply


def issued_unheard(cinema: Cinema, orders_lost: int, **terms: Any) -> Redemption:
    """Issued by a partner whose answers to orders get lost, and which has said that it stays."""
    made = cinema.redeem(**terms)
    cinema.fate("issued", takes_back=False)
    Clerk(cinema).orders_lost = orders_lost
    for step in (cinema.issue, cinema.cancel_order):
        with pytest.raises(PartnerUnavailable):
            step(made)
    return made


def test_what_the_partner_says_it_issued_is_spent_although_its_voucher_gets_lost(cinema: Cinema):
    store = cinema.shop.open_store()
    made = issued_unheard(cinema, 3, store=store)
    done = cinema.end(made)
    assert (done.status, done.voucher, cinema.count(made)) == (FULFILLED, b"", SPENT)
    assert (
        cinema.shop.dues(store.id) == []
    )  # a settlement would close it, and the voucher could not be put to it
    cinema.reconcile(LATER)
    assert cinema.state(made).next_check_at == LATER + (LATER - NOW)
    cinema.reconcile(LATER + timedelta(hours=3))
    done = cinema.state(made)
    assert SEALER.open(done.voucher, made.id, "voucher") == cinema.partner.orders[made.id].voucher
    assert (done.next_check_at, done.late_answer, cinema.count(made)) == (None, "", SPENT)
    assert [due.verified_at for due in cinema.shop.dues(store.id)] == [NOW]


def test_the_workflow_asks_again_for_a_voucher_that_got_lost(cinema: Cinema):
    made = issued_unheard(cinema, 2)
    assert cinema.cancel_order(made) == "issued"
    done = cinema.end(made)
    assert (done.next_check_at, bool(done.voucher)) == (None, True)


def test_a_voucher_that_was_accepted_first_is_asked_for_as_well(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("accepted", takes_back=False)
    cinema.issue(made)
    assert cinema.state(made).reference
    cinema.partner.decide(made.id, "issued", 0)
    Clerk(cinema).orders_lost = 1
    with pytest.raises(PartnerUnavailable):
        cinema.cancel_order(made)
    assert cinema.end(made).next_check_at
    cinema.reconcile(LATER)
    assert SEALER.open(cinema.state(made).voucher, made.id, "voucher")


def test_a_partner_that_gives_no_vouchers_is_not_asked_for_one(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("issued", "after", takes_back=False)
    with pytest.raises(PartnerUnavailable):
        cinema.issue(made)
    cinema.fate("issued", takes_back=False)
    cinema.partner.orders[made.id].voucher = ""
    clerk = Clerk(cinema)
    assert cinema.cancel_order(made) == "issued"
    done = cinema.end(made)
    assert (done.status, done.voucher, done.next_check_at, clerk.asked) == (FULFILLED, b"", None, 1)


def test_a_voucher_that_never_comes_is_given_up_and_the_merchant_is_owed(cinema: Cinema):
    store = cinema.shop.open_store()
    made = issued_unheard(cinema, 99, store=store)
    cinema.end(made)
    for days in (1, 13):
        cinema.reconcile(NOW + timedelta(days=days))
        assert cinema.state(made).next_check_at
    cinema.reconcile(NOW + timedelta(days=15))
    done = cinema.state(made)
    assert (done.status, done.next_check_at, done.late_answer) == (FULFILLED, None, "unknown")
    assert [due.verified_at for due in cinema.shop.dues(store.id)] == [NOW]
    cinema.answer(made)  # and comes after all
    done = cinema.state(made)
    assert (SEALER.open(done.voucher, made.id, "voucher"), done.late_answer) == ("V-7", "")


def test_an_address_is_kept_until_the_voucher_is_there(cinema: Cinema):
    made = issued_unheard(cinema, 2)
    sealed = SEALER.seal("{}", made.id, "delivery")
    saga.note(made.member_id, made.id, cinema.desk, task_token="", delivery=sealed)
    assert cinema.end(made).delivery == sealed
    cinema.reconcile(LATER)
    assert (cinema.state(made).delivery, bool(cinema.state(made).voucher)) == (b"", True)


def test_a_voucher_is_not_lost_to_somebody_who_gives_it_up_at_that_moment(cinema: Cinema):
    made = issued_unheard(cinema, 99)
    before = cinema.end(made)
    after = cinema.answer(made)
    session = Session(cinema.shop.rewards.dynamodb)
    cinema.shop.rewards.redemptions.change(
        session, before, replace(before, next_check_at=None, late_answer="unknown")
    )
    with pytest.raises(OptimisticLockFailed):
        session.commit()
    assert cinema.state(made) == after


@pytest.mark.parametrize("takes_back", [True, False])
def test_a_member_gives_back_what_has_no_voucher_yet(cinema: Cinema, takes_back: bool):
    made = issued_unheard(cinema, 3)
    cinema.end(made)
    cinema.shop.cancel(made.member_id, made.id)
    cinema.partner.orders[made.id].final = not takes_back
    if takes_back:
        assert cinema.cancel_order(made) == "cancelled"
        assert (cinema.end(made).status, cinema.count(made)) == (CANCELLED, BACK)
        return
    with pytest.raises(PartnerUnavailable):
        cinema.cancel_order(made)
    done = cinema.end(made)
    assert (done.status, done.cancelling, bool(done.next_check_at)) == (FULFILLED, False, True)
    cinema.reconcile(LATER)
    assert (cinema.state(made).next_check_at, bool(cinema.state(made).voucher)) == (None, True)


def test_an_order_that_the_partner_accepted_is_not_called_off_by_its_having_forgotten_it(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("accepted")
    cinema.issue(made)
    del cinema.partner.orders[made.id]
    with pytest.raises(PartnerUnavailable):
        cinema.cancel_order(made)
    assert (cinema.end(made).unsure, cinema.count(made)) == (True, BACK)


def test_what_was_issued_in_time_is_not_called_off(cinema: Cinema):
    made = cinema.redeem()
    cinema.issue(made)
    assert cinema.cancel_order(made) == "issued"
    cinema.reconcile(LATER)
    assert (cinema.state(made).status, cinema.partner.orders[made.id].status) == (FULFILLED, "issued")


@pytest.mark.parametrize("takes_back", [True, False])
def test_a_partner_silent_to_the_end_is_asked_until_it_says_what_became_of_it(
    cinema: Cinema, takes_back: bool
):
    made = cinema.redeem()
    cinema.fate("issued", "after", takes_back=takes_back)
    for step in (cinema.issue, cinema.cancel_order):
        with pytest.raises(PartnerUnavailable):
            step(made)
    cinema.fate("issued", "before")
    done = cinema.end(made)
    assert (done.status, done.unsure, cinema.count(made)) == (REFUNDED, True, BACK)
    cinema.reconcile(LATER)
    assert cinema.state(made).unsure
    cinema.fate("issued")
    cinema.reconcile(LATER + timedelta(hours=3))
    done = cinema.state(made)
    late = "" if takes_back else "issued"
    assert (done.status, done.unsure, done.next_check_at, done.late_answer) == (REFUNDED, False, None, late)
    assert cinema.count(made) == BACK


def test_a_partner_that_never_answers_is_given_up_and_that_is_written_down(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("issued", "before")
    cinema.end(made)
    cinema.reconcile(NOW + timedelta(days=8))  # its last answer may take seven days
    assert cinema.state(made).unsure
    cinema.reconcile(NOW + timedelta(days=15))
    done = cinema.state(made)
    assert (done.unsure, done.next_check_at, done.late_answer) == (False, None, "unknown")


def test_an_answer_after_the_refund_is_void_and_kept_for_the_operator(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("accepted")
    cinema.issue(made)
    cinema.cancel_order(made)
    cinema.end(made)
    for _ in range(2):
        with pytest.raises(OrderVoid):
            cinema.answer(made)
    done = cinema.state(made)
    assert (done.status, done.late_answer, done.voucher, cinema.count(made)) == (
        REFUNDED,
        "issued",
        b"",
        BACK,
    )


def test_while_an_order_is_called_off_the_partner_has_to_come_again(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("accepted", "")
    cinema.issue(made)
    cinema.partner.decide(made.id, "issued")
    cinema.fate("accepted", "after")
    with pytest.raises(PartnerUnavailable):
        cinema.cancel_order(made)  # the partner has cancelled it, and nobody knows
    with pytest.raises(Unavailable):
        cinema.answer(made)  # sent before
    assert cinema.end(made).status == REFUNDED
    assert (cinema.partner.orders[made.id].status, cinema.count(made)) == ("cancelled", BACK)


def test_only_the_partners_own_signature_is_heard(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("accepted")
    cinema.issue(made)
    with pytest.raises(SignatureInvalid):
        cinema.answer(made, secret="whsec_" + "A" * 44)
    with pytest.raises(OrderNotFound):
        cinema.answer(replace(made, id="0" * 26))
    assert cinema.state(made).answer == ""


# Giving back


def test_a_member_gives_back_before_the_order_is_placed(cinema: Cinema):
    made = cinema.redeem()
    assert cinema.shop.cancel(made.member_id, made.id).cancelling
    assert cinema.issue(made)["answer"] == "cancelling"
    cinema.cancel_order(made)
    done = cinema.end(made)
    assert (done.status, done.reason_code, cinema.count(made)) == (CANCELLED, "CANCELLED_BY_MEMBER", BACK)
    assert cinema.partner.orders[made.id].status == "cancelled"


def test_a_member_gives_back_while_the_partner_is_asked(cinema: Cinema):
    made = cinema.redeem()

    def fate() -> str:
        cinema.shop.cancel(made.member_id, made.id)
        return "issued"

    cinema.partner.fate = fate
    assert cinema.issue(made)["answer"] == "cancelling"
    assert cinema.cancel_order(made) == "cancelled"
    assert (cinema.end(made).status, cinema.count(made)) == (CANCELLED, BACK)


@pytest.mark.parametrize("decided", [False, True])
def test_a_member_gives_back_what_waits(cinema: Cinema, decided: bool):
    made = cinema.redeem()
    cinema.fate("accepted", takes_back=False)
    cinema.issue(made)
    saga.wait(made.member_id, made.id, "token", deps=cinema.desk)
    cinema.shop.cancel(made.member_id, made.id)
    if decided:
        cinema.partner.decide(made.id, "issued")
    assert cinema.cancel_order(made) == ("issued" if decided else "cancelled")
    done = cinema.end(made)
    status, count = (FULFILLED, SPENT) if decided else (CANCELLED, BACK)
    assert (done.status, done.cancelling, done.task_token, cinema.count(made)) == (status, False, "", count)


def test_the_partner_takes_back_what_it_issued(cinema: Cinema):
    store = cinema.shop.open_store()
    made = cinema.fulfilled(store)
    assert len(cinema.shop.dues(store.id)) == 1
    cinema.shop.cancel(made.member_id, made.id)
    assert cinema.cancel_order(made) == "cancelled"
    done = cinema.end(made)
    assert (done.status, done.voucher, done.payable_id, done.next_check_at) == (CANCELLED, b"", "", None)
    assert (cinema.count(made), cinema.shop.dues(store.id)) == (BACK, [])


def test_what_the_partner_does_not_take_back_stays_and_is_due(cinema: Cinema):
    store = cinema.shop.open_store()
    made = cinema.fulfilled(store, takes_back=False)
    cinema.shop.cancel(made.member_id, made.id)
    assert cinema.cancel_order(made, LATER) == "issued"
    done = cinema.end(made)
    assert (done.status, done.cancelling, done.next_check_at, cinema.count(made)) == (
        FULFILLED,
        False,
        None,
        SPENT,
    )
    assert [due.redemption_id for due in cinema.shop.dues(store.id)] == [made.id]
    assert cinema.shop.cancel(made.member_id, made.id).cancelling  # the member may ask again


def test_until_the_partner_says_whether_it_takes_it_back_it_is_asked_and_nobodys_due(cinema: Cinema):
    store = cinema.shop.open_store()
    made = cinema.fulfilled(store)
    cinema.shop.cancel(made.member_id, made.id)
    cinema.fate("issued", "after")
    with pytest.raises(PartnerUnavailable):
        cinema.cancel_order(made)
    assert cinema.end(made).cancelling
    cinema.reconcile(LATER)
    assert (cinema.state(made).cancelling, cinema.shop.dues(store.id)) == (True, [])
    cinema.fate("issued")
    cinema.reconcile(LATER + timedelta(hours=3))
    assert (cinema.state(made).status, cinema.count(made)) == (CANCELLED, BACK)


@pytest.mark.parametrize("silent", [True, False])
def test_giving_back_again_and_again_puts_no_due_off(cinema: Cinema, silent: bool):
    store = cinema.shop.open_store()
    made = cinema.fulfilled(store, takes_back=False)
    cinema.fate("issued", "before" if silent else "")
    for day in (30, 60):
        at = NOW + timedelta(days=day)
        cinema.shop.cancel(made.member_id, made.id, at)
        assert cinema.shop.dues(store.id) == []
        if silent:
            cinema.reconcile(at + timedelta(days=15))
        else:
            cinema.cancel_order(made, at)
        assert [due.verified_at for due in cinema.shop.dues(store.id)] == [NOW]
    assert cinema.shop.settle(store.id) == 1


def test_a_return_that_the_partner_never_answers_about_ends_and_the_member_keeps_the_good(cinema: Cinema):
    made = cinema.fulfilled()
    asked = NOW + timedelta(days=40)
    cinema.shop.cancel(made.member_id, made.id, asked)
    cinema.fate("issued", "before")
    cinema.reconcile(asked + timedelta(days=13))
    assert cinema.state(made).cancelling  # however long ago it was redeemed
    cinema.reconcile(asked + timedelta(days=15))
    done = cinema.state(made)
    assert (done.status, done.cancelling, done.next_check_at) == (FULFILLED, False, None)
    assert (done.reason_code, done.late_answer, cinema.count(made)) == ("PARTNER_SILENT", "unknown", SPENT)
    again = cinema.shop.cancel(made.member_id, made.id, asked + timedelta(days=16))
    assert (again.cancelling, again.reason_code, again.late_answer) == (True, "", "")


def test_what_the_partner_took_back_after_its_return_was_given_up_is_kept_for_the_operator(cinema: Cinema):
    made = cinema.fulfilled()
    cinema.shop.cancel(made.member_id, made.id)
    cinema.fate("issued", "before")
    cinema.reconcile(NOW + timedelta(days=15))
    saga.record_answer(made.member_id, made.id, partners.Answer("cancelled"), deps=cinema.desk)
    assert (cinema.state(made).status, cinema.state(made).late_answer) == (FULFILLED, "cancelled")


def test_what_was_issued_before_its_return_was_answered_is_spent_and_given_back_further_on(cinema: Cinema):
    store = cinema.shop.open_store()
    made = cinema.redeem(store)
    cinema.issue(made)
    cinema.shop.cancel(made.member_id, made.id)
    done = cinema.end(made)
    assert (done.status, done.cancelling, cinema.shop.dues(store.id)) == (FULFILLED, True, [])
    assert cinema.cancel_order(made) == "cancelled"
    assert (cinema.end(made).status, cinema.count(made)) == (CANCELLED, BACK)


def test_what_a_settlement_has_claimed_is_not_given_back(cinema: Cinema):
    store = cinema.shop.open_store()
    made = cinema.fulfilled(store)
    assert cinema.shop.settle(store.id) == 1
    with pytest.raises(NotCancellable):
        cinema.shop.cancel(made.member_id, made.id)


def test_what_is_being_given_back_can_no_longer_be_settled(cinema: Cinema):
    store = cinema.shop.open_store()
    made = cinema.fulfilled(store)
    [due] = cinema.shop.dues(store.id)
    cinema.shop.cancel(made.member_id, made.id)
    session = Session(cinema.shop.rewards.dynamodb)
    cinema.shop.rewards.payables.add_claim(session, due, "S" * 26)
    with pytest.raises(PayableClaimed):
        session.commit()
    assert (cinema.cancel_order(made), cinema.end(made).status) == ("cancelled", CANCELLED)


def test_what_nobody_may_give_back_is_not_asked_about(cinema: Cinema):
    made = cinema.fulfilled(cancellable=False)
    with pytest.raises(NotCancellable):
        cinema.shop.cancel(made.member_id, made.id)


# Vouchers


def test_a_voucher_opens_for_its_redemption_only_and_stands_nowhere_in_clear(
    cinema: Cinema, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
):
    made = cinema.redeem()
    step = task("issue_order")(lambda _event, _now: cinema.issue(made))
    assert step({}, None)["answer"] == "issued"
    done = cinema.end(made)
    code = cinema.partner.orders[made.id].voucher
    with pytest.raises(InvalidTag):
        SEALER.open(done.voucher, "another", "voucher")
    with pytest.raises(RedemptionNotFound):
        cinema.shop.rewards.redemptions.find(cinema.shop.member(), made.id)
    kept = cinema.shop.rewards.dynamodb.get(
        *cinema.shop.rewards.redemptions.redemption_key(made.member_id, made.id)
    )
    assert code not in repr(kept) + repr(done) + capsys.readouterr().out + caplog.text
    [listed] = cinema.shop.redemptions(made.member_id)
    assert (listed.voucher, listed.task_token, listed.reference) == (b"", "", "")


def test_a_voucher_stands_among_the_coupons_of_its_member_until_it_is_given_back(cinema: Cinema):
    shop = cinema.shop
    tea = shop.put_coupon(shop.open_store(), price_points=50)
    made = cinema.redeem()
    me = made.member_id
    shop.redeem(me, reward_id=tea.id)  # the 50 that are left
    cinema.issue(made)
    done = cinema.end(made)

    def listed(limit: int) -> list[str]:
        found, cursor = [], None
        while True:
            page = coupons.list_coupons(me, limit, cursor, rewards=shop.rewards, cursors=CURSORS)
            found += [each.id for each in page.items]
            if (cursor := page.cursor) is None:
                return found

    assert all(listed(limit)[1:] == [made.id] and len(listed(limit)) == 2 for limit in (1, 2, 20))
    told = voucher_body(coupons.get_voucher(me, f"{made.id}-0", rewards=shop.rewards), SEALER)
    assert (told["partner_id"], told["code"]) == ("cinema", cinema.partner.orders[made.id].voucher)
    for who, which in ((me, f"{made.id}-1"), (shop.member(), f"{made.id}-0")):
        with pytest.raises(CouponNotFound):
            coupons.get_voucher(who, which, rewards=shop.rewards)
    shop.cancel(me, done.id)
    cinema.cancel_order(made)
    cinema.end(made)
    assert len(listed(20)) == 1


# Twice, and at the end of a month


@pytest.mark.parametrize("fate", ["issued", "refused", "accepted"])
@pytest.mark.parametrize("gives_back", [False, True])
def test_each_step_may_run_twice(cinema: Cinema, fate: str, gives_back: bool):
    made = cinema.redeem()
    cinema.fate(fate)
    cinema.issue(made)
    cinema.issue(made)
    if fate == "accepted":
        saga.wait(made.member_id, made.id, "one", deps=cinema.desk)
        saga.wait(made.member_id, made.id, "two", deps=cinema.desk)
        cinema.answer(made)
        cinema.answer(made)
    done = cinema.end(made)
    assert cinema.end(made) == done
    good = fate != "refused"
    assert (done.status, cinema.count(made)) == ((FULFILLED, SPENT) if good else (REFUNDED, BACK))
    if gives_back and good:
        cinema.partner.orders[made.id].status = "issued"
        for _ in range(2):
            cinema.shop.cancel(made.member_id, made.id)
        assert [cinema.cancel_order(made), cinema.cancel_order(made)] == ["cancelled"] * 2
        done = cinema.end(made)
        assert cinema.end(made) == done
        assert (done.status, cinema.count(made)) == (CANCELLED, BACK)


def test_points_that_come_back_after_their_month_can_be_spent_until_the_end_of_the_month_after_it(
    cinema: Cinema,
):
    made = cinema.redeem(months=(0, 24))  # 125 points of this month, 125 of two years from now
    cinema.fate("refused")
    cinema.issue(made)
    later = NOW + timedelta(days=13)
    cinema.end(made, later)
    lots = cinema.shop.lots(made.member_id)
    assert {lot: count for lot, count in lots.items() if count} == {
        f"{lot_expiring(NOW.date(), 0)}+": 125,
        lot_expiring(NOW.date(), 24): 125,
    }


# What follows from a change


class States:
    """Step Functions: what was started and answered."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.answered: list[tuple[str, str]] = []

    def __call__(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if service != "states":
            return AWS(service, operation, request)
        if operation == "StartExecution":
            if request["name"] in [each["name"] for each in self.started]:
                raise aws.AwsError("ExecutionAlreadyExists", 400, {})
            self.started.append(request)
        elif request["taskToken"] in [token for token, _ in self.answered]:
            raise aws.AwsError("TaskTimedOut", 400, {})
        else:
            self.answered.append((request["taskToken"], json.loads(request["output"])["answer"]))
        return {}


AWS = aws.call


class Told:
    """WeChat, and members by their ids."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, str]]] = []

    def send_subscribe_message(self, openid: str, _template_id: str, fields: dict[str, str]) -> None:
        self.messages.append((openid, fields))


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> States:
    states = States()
    monkeypatch.setattr(aws, "call", states)
    monkeypatch.setattr(outbox.members, "openid_of", lambda member_id, **_: member_id)
    return states


def follow(cinema: Cinema, before: Redemption | None, after: Redemption, told: Told | None = None) -> None:
    post = outbox.Dependencies(cinema.shop.rewards, None, lambda: told or Told(), "machine", "t")  # type: ignore[arg-type, return-value]
    old = REDEMPTION.item(before) if before else None
    outbox.follow(old, REDEMPTION.item(after), deps=post, now=NOW)


def test_an_execution_starts_once_for_a_redemption(cinema: Cinema, states: States):
    made = cinema.redeem()
    follow(cinema, None, made)
    follow(cinema, None, made)
    [started] = states.started
    wanted = {"member_id": made.member_id, "redemption_id": made.id, "mode": "issue"}
    assert (started["name"], json.loads(started["input"])) == (made.id, wanted)


def test_a_ticket_that_is_served_starts_an_execution(cinema: Cinema, states: States):
    made = cinema.redeem()
    follow(cinema, replace(made, status="queued"), made)
    assert len(states.started) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"answer": "issued"}, "issued"),
        ({"answer": "refused"}, "refused"),
        ({"cancelling": True}, "cancelling"),
        ({"answer": "issued", "cancelling": True}, "cancelling"),
        ({"answer": CANCELLATION_SENT}, "cancelling"),
    ],
)
def test_a_waiting_task_is_told_once(cinema: Cinema, states: States, change: dict[str, Any], said: str):
    waiting = replace(cinema.redeem(), task_token="token")
    follow(cinema, waiting, replace(waiting, **change))
    follow(cinema, waiting, replace(waiting, **change))
    assert states.answered == [("token", said)]


def test_a_task_is_told_by_the_very_write_that_took_its_token_away(cinema: Cinema, states: States):
    waiting = replace(cinema.redeem(), task_token="token")
    follow(cinema, waiting, replace(waiting, task_token="", answer="issued"))
    assert states.answered == [("token", "issued")]


def test_a_return_starts_an_execution_of_its_own_each_time(cinema: Cinema, states: States):
    made = cinema.fulfilled(takes_back=False)
    for hours in (0, 1):
        given_back = cinema.shop.cancel(made.member_id, made.id, NOW + timedelta(hours=hours))
        follow(cinema, made, given_back)
        follow(cinema, made, given_back)
        cinema.cancel_order(made)
        follow(cinema, given_back, cinema.state(made))
    assert [json.loads(each["input"])["mode"] for each in states.started] == ["return", "return"]


def test_a_return_that_began_while_the_order_was_under_way_goes_on(cinema: Cinema, states: States):
    made = cinema.redeem()
    cinema.issue(made)
    given_back = cinema.shop.cancel(made.member_id, made.id)
    follow(cinema, given_back, cinema.end(made))
    assert [json.loads(each["input"])["mode"] for each in states.started] == ["return"]


@pytest.mark.parametrize(("fate", "result"), [("issued", "兑换成功"), ("refused", "已退积分")])
def test_a_member_is_told_once_how_it_ended(cinema: Cinema, states: States, fate: str, result: str):
    made, told = cinema.redeem(), Told()
    cinema.fate(fate)
    cinema.issue(made)
    done = cinema.end(made)
    for _ in range(2):
        follow(cinema, made, done, told)
    [(openid, fields)] = told.messages
    assert openid == made.member_id
    assert result in fields.values()
    assert (states.started, states.answered) == ([], [])


@pytest.mark.parametrize(
    ("fate", "result", "points"),
    [("back", "已退积分", "0"), ("stays", "未能退回", "200"), ("silent", "未能退回", "200")],
)
def test_a_member_is_told_once_what_became_of_each_return(
    cinema: Cinema, states: States, fate: str, result: str, points: str
):
    made, told = cinema.redeem(), Told()
    cinema.fate("issued", takes_back=fate == "back")
    cinema.issue(made)
    done = cinema.end(made)
    follow(cinema, made, done, told)
    for day in (1, 30) if fate != "back" else (1,):
        at = NOW + timedelta(days=day)
        asked = cinema.shop.cancel(made.member_id, made.id, at)
        follow(cinema, done, asked, told)
        if fate == "silent":
            cinema.fate("issued", "before")
            cinema.reconcile(at + timedelta(days=15))
        else:
            cinema.cancel_order(made, at)
            cinema.end(made, at)
        done = cinema.state(made)
        for _ in range(2):
            follow(cinema, asked, done, told)
        assert (told.messages[-1][1]["phrase3"], told.messages[-1][1]["number2"]) == (result, points)
    assert len(told.messages) == (2 if fate == "back" else 3)


def in_doubt(before: Redemption, after: Redemption) -> dict[str, str] | None:
    return outbox.in_doubt(REDEMPTION.item(before), REDEMPTION.item(after))


def test_an_order_in_doubt_is_told_to_the_operator_once_and_names_no_person(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("accepted")
    cinema.issue(made)
    cinema.cancel_order(made)
    ended = cinema.end(made)
    assert in_doubt(made, ended) is None
    with pytest.raises(OrderVoid):
        cinema.answer(made)
    done = cinema.state(made)
    told = {"redemption_id": made.id, "partner_id": "cinema", "status": REFUNDED, "late_answer": "issued"}
    assert in_doubt(ended, done) == told
    assert in_doubt(done, done) is None


def test_an_order_that_its_partner_never_spoke_of_is_in_doubt(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("issued", "before")
    ended = cinema.end(made)
    cinema.reconcile(NOW + timedelta(days=15))
    told = in_doubt(ended, cinema.state(made))
    assert told
    assert told["late_answer"] == "unknown"


# The watch


def test_what_fails_stays_and_hides_nothing_that_stands_behind_it(
    cinema: Cinema, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reconciling, "PAGE", 2)
    monkeypatch.setattr("puhui.rewards.checks.END_SHARDS", 1)
    made = [cinema.redeem(stock=20) for _ in range(7)]
    broken = {each.id for each in made[:4]}
    real = redemption_reconciling.reconcile

    def reconcile(member_id: str, redemption_id: str, **more: Any) -> Redemption:
        if redemption_id in broken:
            raise ConditionFailed(0, None)
        return real(member_id, redemption_id, **more)

    monkeypatch.setattr(redemption_reconciling, "reconcile", reconcile)
    with pytest.raises(ConditionFailed):
        cinema.reconcile(LATER)
    assert {each.id for each in made if cinema.state(each).status == PROCESSING} == broken


def hanging(cinema: Cinema, monkeypatch: pytest.MonkeyPatch, names: set[str], seconds: int) -> list[str]:
    """These partners let whoever asks them wait, by a clock of the test's own; the orders that they were asked about."""
    clock_now, asked, send = [0.0], [], cinema.partner.send
    hosts = {f"https://{name}.example" for name in names}

    def wait(message: Message, headers: dict[str, str]) -> Reply:
        if not any(message.url.startswith(host) for host in hosts):
            return send(message, headers)
        clock_now[0] += seconds
        asked.append(json.loads(message.body)["order_id"])
        raise PartnerUnavailable(reason="silent")

    monkeypatch.setattr(cinema.partner, "send", wait)
    monkeypatch.setattr(reconciling, "time", SimpleNamespace(monotonic=lambda: clock_now[0]))
    return asked


@pytest.mark.parametrize("count", [1, 10])
def test_partners_that_hang_hold_up_nobody_elses_end(
    cinema: Cinema, monkeypatch: pytest.MonkeyPatch, count: int
):
    """100 orders in doubt at a minute a call are more than an hour's runs can ask about, and are due again after an hour."""
    shop, store = cinema.shop, cinema.shop.open_store()
    shop.put_coupon(store, stock=32, valid_days=1)
    bought = [each for _ in range(16) for each in shop.buy(shop.member(200), 2)]
    begin = bought[0].expires_at + OFFLINE_GRACE
    names = [f"partner-{number}" for number in range(count)]
    for name in names:
        cinema.register(name)
        shop.put(id=name, price_points=1, stock=100, per_member_limit=None, partner_id=name)
    me, ordered = shop.member(100), begin - timedelta(hours=1)
    for number in range(100):
        shop.redeem(me, 1, str(number), reward_id=names[number % count], now=ordered)
    asked = hanging(cinema, monkeypatch, set(names), 60)
    before = 0.0
    for run in range(END_SHARDS):
        cinema.reconcile(begin + timedelta(seconds=reconciling.RUN_SECONDS * run))
        took, before = reconciling.time.monotonic() - before, reconciling.time.monotonic()
        assert took <= reconciling.WORKS_SECONDS + 60
    assert {shop.coupon(each.member_id, each.id).status for each in bought} == {"expired"}
    assert len(set(asked)) > 40


def test_a_partner_that_does_not_answer_three_times_is_left_alone_until_the_next_run(
    cinema: Cinema, monkeypatch: pytest.MonkeyPatch
):
    cinema.register("hangs")
    cinema.shop.put(id="hung", price_points=1, stock=100, per_member_limit=None, partner_id="hangs")
    me = cinema.shop.member(100)
    hung = [cinema.shop.redeem(me, 1, str(number), reward_id="hung") for number in range(8)]
    others = [cinema.redeem() for _ in range(4)]
    asked = hanging(cinema, monkeypatch, {"hangs"}, 1)
    assert cinema.reconcile(LATER) == {"coupons": 0, "redemptions": 3 + 4}
    assert len(asked) == 3
    assert {cinema.state(each).status for each in others} == {REFUNDED}
    assert sum(cinema.state(each).status == PROCESSING for each in hung) == 5
    cinema.reconcile(LATER + timedelta(minutes=5))
    assert len(set(asked)) == 6


def test_a_partner_is_asked_ever_more_rarely_and_at_least_once_a_day(cinema: Cinema):
    made = cinema.redeem()
    cinema.fate("issued", "before")
    done, pauses = cinema.end(made, NOW + timedelta(hours=1)), []
    while done.next_check_at:
        at = done.next_check_at
        cinema.reconcile(at)
        done = cinema.state(made)
        pauses.append(((done.next_check_at or at) - at) // timedelta(hours=1))
    assert pauses[:6] == [2, 4, 8, 16, 24, 24]
    assert sum(pauses) < 15 * 24


# The partner of these tests


def test_the_partner_of_these_tests_is_the_stand_ins_twin(cinema: Cinema):
    """Whatever is asked in any order of either, both say the same."""
    standin, ours = StandIn(), cinema.partner
    standin.partners = {"p": next(iter(standin.partners.values()))}
    for fate, mode in (("issued", "issue"), ("accepted", "silent"), ("refused", "refuse")):
        for takes_back in (True, False):
            cinema.fate(fate, takes_back=takes_back)
            standin.partners["p"].behaviour.cancellable = takes_back
            for asked in ("oo", "oc", "oco", "co", "coc", "ocoo", "occ"):
                order_id = f"{fate}-{takes_back}-{asked}"
                for letter in asked:
                    if letter == "o":
                        order = standin.order("p", {"order_id": order_id, "quantity": 1}, mode)
                        status = {"issued": 201, "accepted": 202}.get(order.status, 409)
                        theirs = status, "refused" if status == 409 else order.status
                        said = ours.take({"type": "order.placed", "order_id": order_id})
                    else:
                        code, told = standin.cancel("p", order_id)
                        theirs = code, told["status"]
                        said = ours.take({"type": "order.cancelled", "order_id": order_id})
                    assert (said[0], said[1].get("status", "")) == theirs, (order_id, letter)
