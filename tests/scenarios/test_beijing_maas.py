"""Beijing MaaS, played through HTTP: a trip appears at T+2, waits seven days to be collected, and lapses."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import pytest

from puhui.kernel.clock import CHINA
from tests.scenarios.life import Member, bank_of

pytestmark = pytest.mark.local_cloud

MAAS = "beijing-maas"


@pytest.fixture
def me(api: httpx.Client) -> Member:
    return Member(api)


def trip(member: Member, days_ago: int, *, behind: timedelta = timedelta(0)) -> dict[str, Any]:
    """A subway trip at this time of the day, some days ago: 200 g. What the metro that records it is answered."""
    at = datetime.now(UTC) - timedelta(days=days_ago) + behind
    return member.sent("subway_trip", {"trips": 1}, at=at, programme_id=MAAS)


def collect(member: Member, activity: dict[str, Any]) -> httpx.Response:
    return member.request("POST", f"/activities/{activity['id']}/collection")


def midnight(day: date) -> str:
    return datetime.combine(day, time(), CHINA).isoformat()


def day_of(activity: dict[str, Any]) -> date:
    return datetime.fromisoformat(activity["occurred_at"]).astimezone(CHINA).date()


def held(member: Member) -> tuple[int, int]:
    items = [item for item in member.get("/me/balances")["items"] if item["programme_id"] == MAAS]
    return sum(item["pending_mg"] for item in items), sum(item["credits_mg"] for item in items)


def test_a_trip_appears_on_the_third_day_and_can_be_collected_for_seven(me: Member):
    seen = {}
    for days_ago in (0, 1, 2, 5, 8):
        answer = trip(me, days_ago, behind=timedelta(minutes=0 if days_ago else -30))
        activity = me.get(f"/activities/{answer['activity_id']}")
        assert (answer["status"], activity["grade"]) == ("pending", "partner")
        seen[days_ago] = activity["status"]
        assert activity["matured_at"] == midnight(day_of(activity) + timedelta(days=2))
        assert activity["collect_by"] == midnight(day_of(activity) + timedelta(days=9))
        collected = collect(me, activity)
        if days_ago < 2:
            assert (collected.status_code, collected.json()["code"]) == (409, "NOT_MATURE")
        else:
            assert (collected.status_code, collected.json()["credits_mg"]) == (200, 200_000), collected.text
    assert seen == {0: "maturing", 1: "maturing", 2: "pending", 5: "pending", 8: "pending"}
    assert held(me) == (400_000, 0), "what is collected is entrusted to the operator's pool"
    assert me.points() == 600


def test_on_the_tenth_day_it_has_lapsed(me: Member):
    lapsed = trip(me, 9, behind=timedelta(seconds=30))
    assert lapsed == {"status": "refused", "code": "CLAIM_EXPIRED"}
    long_ago = trip(me, 10)
    assert long_ago == {"status": "refused", "code": "OCCURRED_TOO_LONG_AGO"}
    assert me.get("/activities", programme_id=MAAS)["items"] == []
    assert held(me) == (0, 0)


def test_friends_take_nothing_where_the_programme_has_no_rule_for_it(me: Member, api: httpx.Client):
    friend = Member(api)
    me.befriend(friend)
    activity = me.get(f"/activities/{trip(me, 3)['activity_id']}")
    assert friend.get(f"/friends/{me.id}/activities", programme_id=MAAS)["items"] == []
    answer = friend.request("POST", f"/activities/{activity['id']}/collection", params={"owner_id": me.id})
    assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_COLLECT")


def test_what_was_collected_becomes_a_gift_or_goes_to_public_welfare(me: Member, api: httpx.Client):
    bank_of(me.api).give(me.id, MAAS, 600)
    offered = {item["id"]: item for item in me.get("/rewards", programme_id=MAAS)["items"]}
    gift, welfare = offered["beijing-maas-tote-bag"], offered["beijing-maas-green-bridge"]
    assert (gift["kind"], gift["price_points"], welfare["kind"]) == ("good", 400, "donation")
    home = {"recipient": "陈小满", "phone": "13800000000", "address": "示范路 1 号"}
    order = {"reward_id": gift["id"], "quantity": 1, "delivery": home}
    bag = me.request("POST", "/redemptions", json=order, key="bag")
    assert (bag.status_code, bag.json()["delivery"]["state"], me.points()) == (201, "to_send", 200)
    given = {"reward_id": welfare["id"], "quantity": 200}
    donation = me.request("POST", "/redemptions", json=given, key="welfare")
    assert (donation.status_code, donation.json()["points"], me.points()) == (201, 200, 0)
    report = {"text": {"zh-CN": "绿道种下 3 棵树", "en": "Three trees along the greenway"}, "points": 200}
    path = f"/rewards/{welfare['id']}/reports"
    assert me.request("POST", path, json=report).status_code == 403
    told = Member(api, "demo-operator").request("POST", path, json=report)
    assert (told.status_code, me.get(path)["items"][0]["points"]) == (201, 200), told.text
    kinds = [transfer["kind"] for transfer in me.get("/me/transfers")["items"]]
    assert (kinds.count("redemption"), kinds.count("donation")) == (1, 1)
    refused = me.request("POST", "/redemptions", json=given, key="more")
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_ENOUGH_POINTS")
    undone = me.request("POST", f"/redemptions/{donation.json()['id']}/cancellation")
    assert (undone.status_code, undone.json()["code"]) == (409, "NOT_CANCELLABLE")
