"""The review desk and appeals through HTTP: several verifiers at once, one of whom dies; two people take a credit back; an appeal."""

import hashlib
import threading
import time
from typing import Any

import httpx
import pytest

from infra import roles
from infra.local import demo
from tests.scenarios.life import Member

pytestmark = pytest.mark.local_cloud

WAITING = 6


def person(api: httpx.Client, local_cloud: Any, *granted: str) -> Member:
    """Somebody new with these roles."""
    made = Member(api)
    given = {"openid": made.openid, "roles": ["member", *granted]}
    roles.assign(local_cloud.aws("lambda"), local_cloud.stack, given)
    made.sign_in()
    return made


def doubtful(api: httpx.Client, member: Member, hours_ago: float) -> str:
    """An act that a person has to see."""
    data = demo.photo(time.time_ns())
    demo.control(api, "verdicts", sha256=hashlib.sha256(data).hexdigest(), suggest="review", label=21000)
    return member.photo_act("subway_trip", {"trips": 1}, data, hours_ago=hours_ago)


def waiting(verifier: Member, wanted: set[str]) -> dict[str, str]:
    """The reviews of these acts by their ids, page by page."""
    found: dict[str, str] = {}
    cursor: dict[str, str] = {}
    while True:
        page = verifier.get("/reviews", programme_id="carbon-88", limit=100, **cursor)
        found |= {each["activity_id"]: each["id"] for each in page["items"] if each["activity_id"] in wanted}
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def post(who: Member, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = who.request("POST", path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_five_verifiers_at_once_one_of_whom_dies_decide_each_act_once(api: httpx.Client, local_cloud: Any):
    members = [Member(api) for _ in range(WAITING)]
    for each in members:
        each.consent("photos")
    acts = {doubtful(api, each, 2): each for each in members}
    verifiers = [person(api, local_cloud, "verifier") for _ in range(5)]
    reviews = demo.until("the reviews", lambda: _all(waiting(verifiers[0], set(acts)), WAITING))
    dying, *living = verifiers
    (first_review,) = list(reviews.values())[:1]
    decided: dict[str, list[int]] = {review_id: [] for review_id in reviews.values()}

    def work(who: Member) -> None:
        for review in post(who, "/reviews/leases", {"limit": 50, "programme_id": "carbon-88"})["items"]:
            if review["id"] in decided:
                body = {"decision": "approve", "lease": review["lease"]}
                answer = who.request("POST", f"/reviews/{review['id']}/decision", json=body)
                decided[review["id"]].append(answer.status_code)

    taken = post(dying, "/reviews/leases", {"limit": 2})["items"]  # and is never heard of again
    threads = [threading.Thread(target=work, args=(each,)) for each in living]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    lost = [review["id"] for review in taken if review["id"] in decided]
    assert [codes for review_id, codes in decided.items() if review_id not in lost] == [[200]] * (
        WAITING - len(lost)
    )
    for review_id in lost:  # nobody else may decide it before the lease is over
        refused = living[0].request("POST", f"/reviews/{review_id}/decision", json={"decision": "approve"})
        assert (refused.status_code, refused.json()["code"]) == (409, "LEASE_LOST")
    for review in taken:
        path = f"/reviews/{review['id']}/lease"
        given = dying.request("DELETE", path, params={"lease": review["lease"]})
        assert given.status_code == 204
        late = dying.request("PUT", path, json={"lease": review["lease"]})
        assert (late.status_code, late.json()["code"]) == (409, "LEASE_LOST")
    for who in living:
        work(who)
    assert all(codes == [200] for codes in decided.values()), decided
    assert {acts[each].ended(each)["status"] for each in acts} == {"credited"}
    assert first_review


def _all(found: dict[str, str], wanted: int) -> dict[str, str] | None:
    return found if len(found) == wanted else None


def test_a_refused_act_is_appealed_credited_once_and_its_member_is_told(api: httpx.Client, local_cloud: Any):
    me, first, second = Member(api), *(person(api, local_cloud, "verifier") for _ in range(2))
    me.consent("photos")
    demo.control(api, "subscriptions", openid=me.openid, template_id=demo.NOTICE, accepts=5)
    trip = doubtful(api, me, 3)
    review_id = demo.until("the review", lambda: waiting(first, {trip}).get(trip))
    refusal = {"decision": "refuse", "reason_code": "NOT_THE_ACT", "note": "no gate"}
    post(first, f"/reviews/{review_id}/decision", refusal)
    assert me.ended(trip)["status"] == "refused"

    appeal = post(me, f"/activities/{trip}/appeals", {"reason": "the gate is on the left"}, 201)
    once_more = me.request("POST", f"/activities/{trip}/appeals", json={"reason": "other words"})
    assert (once_more.status_code, once_more.json()["code"]) == (409, "APPEAL_MADE")
    path = f"/appeals/{appeal['id']}/decision"
    same = first.request("POST", path, json={"decision": "approve"})
    assert (same.status_code, same.json()["code"]) == (403, "DECIDED_BEFORE")
    elsewhere = person(api, local_cloud, "verifier@ant-forest")
    assert elsewhere.request("POST", path, json={"decision": "approve"}).status_code == 404
    seen = [each for each in second.get("/appeals", limit=100)["items"] if each["id"] == appeal["id"]]
    assert [each["against"]["reason_code"] for each in seen] == ["NOT_THE_ACT"]
    for _ in range(2):
        assert post(second, path, {"decision": "approve"})["state"] == "decided"
    after = me.get(f"/activities/{trip}")
    assert (after["status"], after["credits_mg"], after["appeal"]["state"]) == (
        "credited",
        200_000,
        "accepted",
    )
    assert me.points() == 200

    def told() -> Any:
        sent = api.get("/_wechat/_standin/messages", params={"openid": me.openid}).json()
        return [each for each in sent["items"] if "申诉通过" in str(each)]

    assert len(demo.until("the message", told)) == 1


def test_two_people_take_a_credit_back(api: httpx.Client, local_cloud: Any):
    me = Member(api)
    ride = me.credited("cycling", {"distance_m": 1_000}, hours_ago=4)
    before = me.points()
    operator = person(api, local_cloud, "operator@carbon-88")
    verifier = person(api, local_cloud, "verifier@CN")
    why = {"member_id": me.id, "reason_code": "ALREADY_COUNTED", "note": "the same ride"}
    stranger = person(api, local_cloud, "operator@CN-GD")
    assert stranger.request("POST", f"/activities/{ride['id']}/reversal", json=why).status_code == 404
    proposed = post(operator, f"/activities/{ride['id']}/reversal", why, 201)
    assert proposed["state"] == "proposed"
    assert me.get(f"/activities/{ride['id']}")["status"] == "credited"
    done = post(verifier, f"/reviews/{proposed['id']}/decision", {"decision": "approve"})
    assert done["state"] == "decided"
    after = me.get(f"/activities/{ride['id']}")
    assert (after["status"], after["reason_code"]) == ("reversed", "ALREADY_COUNTED")
    assert me.points() == before - ride["points"]


def test_a_role_for_one_programme_opens_nothing_else(api: httpx.Client, local_cloud: Any):
    bound = person(api, local_cloud, "verifier@ant-forest", "operator@CN-GD")
    assert bound.get("/reviews", limit=100)["items"] is not None
    for params in ({"programme_id": "carbon-88"}, {"region": "CN-GD"}):
        refused = bound.request("GET", "/reviews", params={"limit": 1, **params})
        assert (refused.status_code, refused.json()["code"]) == (403, "OUT_OF_SCOPE")
    leased = bound.request("POST", "/reviews/leases", json={"limit": 1, "programme_id": "carbon-88"})
    assert leased.status_code == 403
    for path in ("/reward-proposals", "/settlements"):
        refused = bound.request("GET", path, params={"limit": 1, "programme_id": "guangdong-tanpuhui"})
        assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
