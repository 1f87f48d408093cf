"""Ant Forest, played through HTTP: a ball matures, is collected by its owner, partly by friends, or expires."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud

WAITS = timedelta(hours=96)  # a day to mature, three to be collected

FOREST = "ant-forest"


@pytest.fixture
def me(api: httpx.Client) -> Member:
    return Member(api)


@pytest.fixture
def friend(api: httpx.Client, me: Member) -> Member:
    other = Member(api)
    me.befriend(other)
    return other


def ride(member: Member, hours_ago: float, metres: int = 1_000, **more: Any) -> dict[str, Any]:
    """250 g a kilometre, as the bike's operator records it: the member says no word."""
    return member.credited(
        "cycling", {"distance_m": metres}, hours_ago=hours_ago, programme_id=FOREST, **more
    )


def collect(member: Member, activity_id: str, owner: Member | None = None) -> httpx.Response:
    params = {"owner_id": owner.id} if owner else None
    return member.request("POST", f"/activities/{activity_id}/collection", params=params)


def balance(member: Member) -> dict[str, int]:
    items = member.get("/me/balances")["items"]
    found = next((item for item in items if item["programme_id"] == FOREST), {})
    return {name: found.get(name, 0) for name in ("points", "pending_mg", "reduced_mg", "credits_mg")}


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_ball_matures_and_is_collected_by_its_owner(me: Member):
    fresh, old = ride(me, 1), ride(me, 25)
    assert (fresh["status"], old["status"]) == ("maturing", "pending")
    matured_at = datetime.fromisoformat(fresh["matured_at"])
    assert datetime.fromisoformat(fresh["collect_by"]) - matured_at == timedelta(hours=72)
    assert timedelta(0) < matured_at - datetime.now(UTC) < timedelta(hours=23)
    assert balance(me) == {"points": 0, "pending_mg": 500_000, "reduced_mg": 0, "credits_mg": 0}
    assert problem(collect(me, fresh["id"])) == (409, "NOT_MATURE")
    first, again = collect(me, old["id"]), collect(me, old["id"])
    assert (first.status_code, first.json()) == (200, again.json())
    assert (first.json()["status"], first.json()["points"]) == ("credited", 250)
    assert balance(me) == {"points": 250, "pending_mg": 250_000, "reduced_mg": 250_000, "credits_mg": 0}
    statuses = {item["id"]: item["status"] for item in me.get("/activities", programme_id=FOREST)["items"]}
    assert statuses == {fresh["id"]: "maturing", old["id"]: "credited"}
    assert first.json()["entry_id"] in {item["id"] for item in me.get("/me/transfers")["items"]}


def test_friends_take_a_part_within_limits_and_nothing_is_lost(me: Member, friend: Member, api: httpx.Client):
    ball = ride(me, 30)
    (coming,) = me.get("/me/balances")["items"]
    assert (coming["pending_mg"], coming["maturing_mg"], coming["maturing_points"]) == (250_000, 250_000, 250)
    (ripe,) = friend.get(f"/friends/{me.id}/activities", programme_id=FOREST)["items"]
    assert ripe == {
        "id": ball["id"],
        "owner_id": me.id,
        "programme_id": FOREST,
        "behaviour": "cycling",
        "title": ball["title"],
        "can_take_points": 50,
        "collect_by": ball["collect_by"],
    }
    taken = collect(friend, ball["id"], me)
    assert (taken.status_code, taken.json()["points"], taken.json()["credits_mg"]) == (200, 50, 0)
    assert collect(friend, ball["id"], me).json() == taken.json()
    assert friend.get(f"/friends/{me.id}/activities", programme_id=FOREST)["items"] == []
    others = [Member(api) for _ in range(2)]
    for other in others:
        me.befriend(other)
    assert collect(others[0], ball["id"], me).json()["points"] == 50
    assert problem(collect(others[1], ball["id"], me)) == (409, "NOTHING_TO_COLLECT")
    assert me.get(f"/activities/{ball['id']}")["taken_mg"] == 100_000
    mine = collect(me, ball["id"]).json()
    assert (mine["points"], mine["credits_mg"], mine["taken_mg"]) == (150, 250_000, 100_000)
    assert [balance(each)["points"] for each in (me, friend, *others)] == [150, 50, 50, 0]
    assert [balance(each)["reduced_mg"] for each in (me, friend)] == [250_000, 0]
    for member in (me, friend):
        for transfer in member.get("/me/transfers")["items"]:
            sums: dict[str, int] = {}
            for leg in transfer["details"]["legs"]:
                sums[leg["asset"]] = sums.get(leg["asset"], 0) + leg["amount"]
            assert set(sums.values()) == {0}, transfer
    assert me.id not in json.dumps(friend.get("/me/transfers")), "a statement names no other member"


def test_owner_and_friends_who_come_at_once_share_the_whole(me: Member, friend: Member):
    ball = ride(me, 30)
    comers = [(me, None), (friend, me), (me, None), (friend, me)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda who: collect(who[0], ball["id"], who[1]), comers))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert answers[0].status_code == answers[2].status_code == 200
    assert answers[0].json() == answers[2].json()
    assert balance(me)["points"] + balance(friend)["points"] == 250
    assert balance(me)["reduced_mg"] == 250_000


def test_strangers_see_nothing_and_take_nothing(me: Member, friend: Member, api: httpx.Client):
    ball, stranger = ride(me, 30), Member(api)
    path = f"/friends/{me.id}/activities"
    seen = stranger.request("GET", path, params={"programme_id": FOREST})
    assert problem(seen) == (404, "FRIEND_NOT_FOUND")
    assert problem(collect(stranger, ball["id"], me)) == (404, "FRIEND_NOT_FOUND")
    assert problem(collect(stranger, ball["id"])) == (404, "ACTIVITY_NOT_FOUND")
    assert stranger.request("DELETE", f"/me/friends/{friend.id}").status_code == 204
    assert [item["id"] for item in me.get("/me/friends")["items"]] == [friend.id]
    assert stranger.get("/me/friends")["items"] == []
    assert friend.request("DELETE", f"/me/friends/{me.id}").status_code == 204
    assert me.get("/me/friends")["items"] == []
    assert problem(collect(friend, ball["id"], me)) == (404, "FRIEND_NOT_FOUND")
    assert collect(me, ball["id"]).json()["points"] == 250


def test_a_friend_code_is_ones_own_and_cannot_be_made_up(me: Member, friend: Member):
    code = me.get("/me/friend-code")["code"]
    own = me.request("POST", "/me/friends", json={"code": code})
    assert problem(own) == (422, "OWN_INVITATION")
    forged = friend.id + code[26:]
    assert problem(me.request("POST", "/me/friends", json={"code": forged})) == (422, "INVITATION_INVALID")
    assert me.request("POST", "/me/friends", json={"code": "no"}).status_code == 400
    again = friend.request("POST", "/me/friends", json={"code": code})
    assert (again.status_code, again.json()["id"]) == (201, me.id)


def test_what_nobody_collects_expires_and_its_hold_with_it(me: Member, friend: Member, local_cloud: Any):
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=7)
    balls = [ride(me, 0, at=end - WAITS, metres=1_000), ride(me, 30)]
    assert collect(friend, balls[0]["id"], me).json()["points"] == 50
    untouched = ride(friend, 0, at=end - WAITS)
    assert balls[0]["status"] == untouched["status"] == "pending"
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
    seen = me.get(f"/activities/{balls[0]['id']}")
    assert (seen["status"], seen["reason_code"]) == ("expired", "NOT_COLLECTED")
    assert seen["credits_mg"] == 50_000, "what a friend took was credited"
    for _ in range(2):
        assert problem(collect(me, balls[0]["id"])) == (409, "CLAIM_EXPIRED")
    assert balance(me) == {"points": 0, "pending_mg": 250_000, "reduced_mg": 50_000, "credits_mg": 0}
    local_cloud.aws("lambda").invoke(
        FunctionName=f"{local_cloud.stack}-check-waiting-activities", Payload=b"{}"
    )
    assert balance(friend) == {"points": 50, "pending_mg": 0, "reduced_mg": 0, "credits_mg": 0}
    assert collect(me, balls[1]["id"]).json()["points"] == 250


def test_a_photo_is_verified_first_then_it_can_be_collected(me: Member):
    me.consent("photos")
    picture = demo.photo(time.time_ns())
    trip = me.photo_act("parcel_box_return", {"boxes": 5}, picture, hours_ago=30, programme_id=FOREST)
    ended = me.ended(trip)
    assert ended["status"] == "pending"
    matured_at = datetime.fromisoformat(ended["matured_at"])
    assert datetime.now(UTC) - matured_at < timedelta(minutes=2), "it matured when it was verified"
    assert collect(me, trip).json()["points"] == 185


def test_a_days_steps_are_one_ball(me: Member):
    me.consent("steps")
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    walked = [{"date": (today - timedelta(days=n)).isoformat(), "step": 9_100 + 7 * n} for n in range(8)]
    data = demo.control(me.api, "werun", openid=me.openid, steps=walked)
    answer = me.request("POST", "/steps", json={"programme_id": FOREST, "include_earlier": True, **data})
    assert answer.status_code == 200, answer.text
    days = {day["date"]: day for day in answer.json()["days"]}
    assert (answer.json()["points"], answer.json()["credits_mg"]) == (0, 0)
    (coming,) = me.get("/me/balances")["items"]
    assert (coming["pending_mg"], coming["pending_points"] > 100) == (0, True), (
        "steps become energy, never credits"
    )
    old = days[(today - timedelta(days=6)).isoformat()]
    assert old["reason_code"] == "CLAIM_EXPIRED"
    yesterday, now = (days[(today - timedelta(days=n)).isoformat()] for n in (1, 0))
    assert problem(collect(me, now["activity_id"])) == (409, "NOT_MATURE")
    collected = collect(me, yesterday["activity_id"]).json()
    assert (collected["credits_mg"], collected["points"] > 0) == (0, True)
