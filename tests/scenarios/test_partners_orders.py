"""Redemptions in which a partner has a say, through HTTP: its server issues at once, later, not at all, or stumbles; whatever
it does, the member ends with the good or with the points."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.local import demo
from infra.local.partner.stand_in import DEMO_PARTNER
from infra.local.wechat.config import REDEMPTION_TEMPLATE
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud
PRICE = 100


@pytest.fixture(scope="module")
def film(api: httpx.Client) -> str:
    """A coupon that the demo partner's server issues."""
    reward_id = f"film-{time.time_ns() % 10**9}"
    terms = {
        "programme_id": "carbon-88",
        "kind": "coupon",
        "title": {"zh-CN": "电影票", "en": "Film ticket"},
        "price_points": PRICE,
        "stock": 20,
        "partner_id": DEMO_PARTNER,
        "cancellable": True,
    }
    answer = Member(api, "demo-operator").request("PUT", f"/rewards/{reward_id}", json=terms)
    assert answer.status_code == 200, answer.text
    return reward_id


@pytest.fixture
def me(api: httpx.Client) -> Member:
    member = Member(api)
    member.earn(1_000)
    return member


@pytest.fixture(autouse=True)
def partner(api: httpx.Client) -> Iterator[Any]:
    """Tells the partner's server how to behave; afterwards it behaves again."""

    def behave(**how: Any) -> None:
        answer = api.post("/_partner/_standin/behaviour", json={"partner": DEMO_PARTNER, **how})
        assert answer.status_code == 200, answer.text

    behave(mode="issue", cancellable=True)
    yield behave
    behave(mode="issue", cancellable=False)


def order_of(api: httpx.Client, order_id: str) -> dict[str, Any]:
    """What the partner's server knows of an order; nothing when it never heard of it."""
    orders = api.get("/_partner/_standin/orders", params={"partner": DEMO_PARTNER}).json()["orders"]
    return next((order for order in orders if order["order_id"] == order_id), {})


def buy(me: Member, film: str) -> dict[str, Any]:
    answer = me.request("POST", "/redemptions", json={"reward_id": film, "quantity": 1}, key="film")
    assert (answer.status_code, answer.json()["status"]) == (202, "processing"), answer.text
    body: dict[str, Any] = answer.json()
    return body


def ended(me: Member, redemption_id: str) -> dict[str, Any]:
    """The redemption once nothing is under way any more."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = me.get(f"/redemptions/{redemption_id}")
        return None if found["status"] == "processing" or found.get("cancelling") else found

    found: dict[str, Any] = demo.until("the end of the redemption", look)
    return found


def test_a_voucher_that_comes_at_once(me: Member, film: str, api: httpx.Client):
    demo.control(api, "subscriptions", openid=me.openid, template_id=REDEMPTION_TEMPLATE, accepts=1)
    before = me.points()
    made = buy(me, film)
    assert me.points() == before - PRICE, "held while the partner is asked"
    done = ended(me, made["id"])
    order = order_of(api, made["id"])
    assert (done["status"], done["voucher"], order["status"]) == ("fulfilled", order["voucher"], "issued")
    assert me.points() == before - PRICE

    def told() -> list[Any]:
        answer = api.get("/_wechat/_standin/messages", params={"openid": me.openid}).json()
        messages: list[Any] = answer["items"]
        return messages

    assert "兑换成功" in json.dumps(demo.until("the message", told), ensure_ascii=False)


def test_a_good_that_the_partner_sends_goes_to_the_members_address(me: Member, api: httpx.Client):
    terms = {
        "programme_id": "carbon-88",
        "kind": "good",
        "title": {"zh-CN": "保温杯", "en": "Flask"},
        "price_points": PRICE,
        "stock": 5,
        "partner_id": DEMO_PARTNER,
    }
    reward_id = f"flask-{time.time_ns() % 10**9}"
    answer = Member(api, "demo-operator").request("PUT", f"/rewards/{reward_id}", json=terms)
    assert answer.status_code == 200, answer.text
    home = {"recipient": "陈小满", "phone": "13800000000", "address": "天河区天河路 1 号"}
    made = me.request("POST", "/redemptions", json={"reward_id": reward_id, "quantity": 1, "delivery": home})
    assert made.status_code == 202, made.text
    done = ended(me, made.json()["id"])
    assert (done["status"], order_of(api, done["id"])["delivery"]) == ("fulfilled", home)
    assert "陈小满" not in json.dumps([made.json(), done, me.get("/redemptions")], ensure_ascii=False)


def test_an_answer_that_comes_later_and_twice(me: Member, film: str, partner: Any, api: httpx.Client):
    partner(mode="twice", later_ms=700, cancellable=True)
    before, made = me.points(), buy(me, film)
    done = ended(me, made["id"])
    assert (done["status"], me.points()) == ("fulfilled", before - PRICE)
    assert demo.until("both answers", lambda: len(order_of(api, made["id"])["callbacks"]) >= 2)


def test_a_refusal_brings_the_points_back(me: Member, film: str, partner: Any):
    partner(mode="refuse")
    before, made = me.points(), buy(me, film)
    done = ended(me, made["id"])
    assert (done["status"], done["reason_code"], me.points()) == ("refunded", "PARTNER_REFUSED", before)


def test_a_server_that_stumbles_is_asked_again_under_the_same_order(
    me: Member, film: str, partner: Any, api: httpx.Client
):
    partner(stumbles=2)
    before, made = me.points(), buy(me, film)
    done = ended(me, made["id"])
    order = order_of(api, made["id"])
    assert (done["status"], order["status"], me.points()) == ("fulfilled", "issued", before - PRICE)


def test_a_member_gives_back_what_the_partner_takes_back(me: Member, film: str, api: httpx.Client):
    before, made = me.points(), buy(me, film)
    assert ended(me, made["id"])["status"] == "fulfilled"
    asked = me.request("POST", f"/redemptions/{made['id']}/cancellation")
    assert (asked.status_code, asked.json()["cancelling"]) == (202, True)
    done = ended(me, made["id"])
    assert (done["status"], done["reason_code"]) == ("cancelled", "CANCELLED_BY_MEMBER")
    assert (order_of(api, made["id"])["status"], me.points(), "voucher" in done) == (
        "cancelled",
        before,
        False,
    )


def test_what_the_partner_does_not_take_back_stays_the_members(me: Member, film: str, partner: Any):
    partner(mode="issue", cancellable=False)
    before, made = me.points(), buy(me, film)
    assert ended(me, made["id"])["status"] == "fulfilled"
    assert me.request("POST", f"/redemptions/{made['id']}/cancellation").status_code == 202
    assert (ended(me, made["id"])["status"], me.points()) == ("fulfilled", before - PRICE)


def test_a_member_who_gives_up_waiting_has_the_points_back_and_the_late_answer_is_void(
    me: Member, film: str, partner: Any, api: httpx.Client
):
    partner(mode="silent", cancellable=True)
    before, made = me.points(), buy(me, film)
    demo.until("the order at the partner's", lambda: order_of(api, made["id"]))
    assert me.request("POST", f"/redemptions/{made['id']}/cancellation").status_code == 202
    done = ended(me, made["id"])
    assert (done["status"], me.points()) == ("cancelled", before)
    late = api.post(
        "/_partner/_standin/answers",
        json={"partner": DEMO_PARTNER, "order_id": made["id"], "status": "issued", "although_decided": True},
    )
    assert late.status_code == 200, late.text
    assert demo.until("the late answer", lambda: order_of(api, made["id"])["callbacks"])[-1] == 409
    assert (me.get(f"/redemptions/{made['id']}")["status"], me.points()) == ("cancelled", before)
