"""A member in several programmes: one act is claimed once, one programme can be left, a household is shared."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from puhui.kernel import clock
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud

RIDE: dict[str, Any] = {
    "behaviour": "cycling",
    "quantity": {"distance_m": 20},
}  # 5 g: four in a day count on mere word
ORDER: dict[str, Any] = {"behaviour": "no_tableware", "quantity": {"orders": 1}}


@pytest.fixture
def me(api: httpx.Client) -> Member:
    return Member(api)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_two_programmes_refuse_the_same_trip(me: Member):
    at = datetime.now(UTC) - timedelta(hours=2)
    for number, (first, second) in enumerate([("carbon-88", "beijing-maas"), ("ant-forest", "carbon-88")]):
        when = at - timedelta(hours=5 * number)
        assert me.record(**RIDE, at=when, programme_id=first).status_code == 201
        refused = me.record(**RIDE, at=when, programme_id=second)
        assert problem(refused) == (409, "CLAIMED_ELSEWHERE")
        assert first in refused.json()["detail"]
        for minutes in (3, 8, 60):  # by a little, by its usual length, by more
            later = me.record(**RIDE, at=when + timedelta(minutes=minutes), programme_id=second)
            assert problem(later) == (409, "CLAIMED_ELSEWHERE")
    assert me.record(**RIDE, at=at + timedelta(minutes=70), programme_id="beijing-maas").status_code == 201


def test_two_programmes_refuse_the_same_trip_over_midnight(me: Member):
    midnight = clock.day_start(clock.programme_day(datetime.now(UTC) - timedelta(days=1)))
    before = midnight - timedelta(minutes=3)  # a ride of 2 km usually takes 8 minutes
    assert me.record(**RIDE, at=before, programme_id="carbon-88").status_code == 201
    refused = me.record(**RIDE, at=midnight, programme_id="beijing-maas")
    assert problem(refused) == (409, "CLAIMED_ELSEWHERE")
    earlier = me.record(**RIDE, at=midnight - timedelta(minutes=10), programme_id="beijing-maas")
    assert problem(earlier) == (409, "CLAIMED_ELSEWHERE")
    assert len(me.get("/activities")["items"]) == 1


def test_one_order_is_told_once_however_it_is_shifted(me: Member):
    at = datetime.now(UTC) - timedelta(hours=4)
    assert me.record(**ORDER, at=at, programme_id="carbon-88").status_code == 201
    for minutes in (0, 1, 179):
        refused = me.record(**ORDER, at=at + timedelta(minutes=minutes), programme_id="ant-forest")
        assert problem(refused) == (409, "CLAIMED_ELSEWHERE")
    for minutes in (0, 1, 59):
        again = me.record(**ORDER, at=at + timedelta(minutes=minutes), programme_id="carbon-88")
        assert problem(again) == (409, "ACT_REPEATED")
    assert me.record(**ORDER, at=at + timedelta(minutes=180), programme_id="ant-forest").status_code == 201


def test_two_programmes_asked_at_once_take_the_act_once(me: Member):
    at = datetime.now(UTC) - timedelta(hours=1)
    programmes = ["carbon-88", "ant-forest", "beijing-maas"] * 2
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda name: me.record(**RIDE, at=at, programme_id=name), programmes))
    taken = [answer for answer in answers if answer.status_code == 201]
    assert len(taken) == 1, [answer.text for answer in answers]


def test_a_days_steps_count_in_the_programme_that_had_them_first(me: Member):
    me.consent("steps")
    today = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
    data = demo.control(me.api, "werun", openid=me.openid, steps=[{"date": today, "step": 9_000}])
    for programme, counts in (("ant-forest", True), ("carbon-88", False)):
        answer = me.request("POST", "/steps", json={"programme_id": programme, **data})
        (day,) = [day for day in answer.json()["days"] if day["date"] == today]
        assert ("activity_id" in day, day.get("reason_code") == "CLAIMED_ELSEWHERE") == (counts, not counts)


def test_a_programme_can_be_left_and_joined_again_and_the_others_go_on(me: Member):
    def joined() -> dict[str, Any]:
        return {item["programme_id"]: item for item in me.get("/me/memberships")["items"]}

    assert set(joined()) == {"carbon-88"}, "signing in with a programme joins it"
    assert me.record(**RIDE, hours_ago=9, programme_id="ant-forest").status_code == 201
    demo.until("the first act joins", lambda: "ant-forest" in joined())
    path = "/programmes/ant-forest/memberships"
    for _ in range(2):
        assert me.request("DELETE", f"{path}/me").status_code == 204
    assert "left_at" in joined()["ant-forest"]
    refused = me.record(**RIDE, hours_ago=6, programme_id="ant-forest")
    assert problem(refused) == (403, "NOT_A_MEMBER")
    assert me.record(**RIDE, hours_ago=6).status_code == 201
    assert me.request("DELETE", "/programmes/carbon-88/memberships/me").status_code == 204
    me.sign_in()
    assert problem(me.record(**RIDE, hours_ago=1)) == (403, "NOT_A_MEMBER"), "signing in brings nobody back"
    first, again = me.request("POST", path), me.request("POST", path)
    assert (first.status_code, first.json()) == (201, again.json())
    assert "left_at" not in joined()["ant-forest"]
    assert me.record(**RIDE, hours_ago=3, programme_id="ant-forest").status_code == 201
    assert problem(me.request("POST", "/programmes/no-such/memberships")) == (404, "PROGRAMME_NOT_FOUND")


def test_what_one_member_joins_or_leaves_is_not_anothers(me: Member, api: httpx.Client):
    other = Member(api)
    assert other.request("DELETE", "/programmes/carbon-88/memberships/me").status_code == 204
    assert me.record(**RIDE).status_code == 201
    assert "left_at" not in str(me.get("/me/memberships"))


def test_a_household_is_joined_by_a_code_and_left_from_the_next_day_on(me: Member, api: httpx.Client):
    other = Member(api)
    mine = me.get("/me/household")
    assert mine["household_id"] == me.id
    for _ in range(2):
        joined = other.request("POST", "/me/household", json={"code": mine["code"]})
        assert (joined.status_code, joined.json()) == (
            201,
            {"household_id": other.id, "from_tomorrow": me.id},
        )
    own = me.request("POST", "/me/household", json={"code": mine["code"]})
    assert problem(own) == (422, "OWN_INVITATION")
    friendly = me.get("/me/friend-code")["code"]
    assert problem(other.request("POST", "/me/household", json={"code": friendly})) == (
        422,
        "INVITATION_INVALID",
    )
    assert other.request("DELETE", "/me/household").status_code == 204
    assert other.get("/me/household")["from_tomorrow"] not in (me.id, other.id)
    assert "from_tomorrow" not in me.get("/me/household")
