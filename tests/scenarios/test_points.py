"""Points that end, and a programme's report: through HTTP, the operator's start of a run, and the deployed state machines."""

import json
import time
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from infra.local.settings import REGION
from puhui.kernel import clock, ids
from puhui.ledger.api import Ledger, Leg, Transfer, lot_end, lot_of, member, points
from puhui.points.dynamo import Points
from puhui.store.client import DynamoDB
from tests.scenarios.life import Member
from tests.support.ledger import post_transfer

pytestmark = pytest.mark.local_cloud

MAAS, GREENWAY = "beijing-maas", "beijing-maas-green-bridge"
REMINDER = "puhui-points-expiry"
OPERATOR = "demo-operator"


class Administrator:
    """What nobody can do through the API: points in a lot that ends this month, runs of other days, a look into the tables."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        self.ledger = Ledger(DynamoDB(), f"{cloud.stack}-ledger")
        self.points = Points(DynamoDB(), f"{cloud.stack}-points")

    def credit(self, member_id: str, programme_id: str, amount: int, lot: str) -> None:
        now, asset = clock.now(), points(programme_id)
        legs = (
            Leg(f"issuance:{programme_id}", asset, -amount),
            Leg(member(member_id), asset, amount, lot),
        )
        post_transfer(Transfer(ids.new_id(now), "credit", now, legs), ledger=self.ledger, now=now)

    def let_hand_on(self, member_id: str, coupon_id: str) -> None:
        """Change a coupon into one of a programme that lets them be handed on."""
        self.ledger.dynamodb.update(
            f"{self.cloud.stack}-rewards",
            {"owner": member(member_id), "entry": f"K#{coupon_id}"},
            "SET transferable = :t",
            {":t": True},
            condition="attribute_exists(entry)",
        )

    def run(self, day: date) -> dict[str, int]:
        """A run as on that day, to its end; what it counted."""
        given = {"day": day.isoformat(), "run": ids.new_id(clock.now())}
        answer = self.cloud.aws("lambda").invoke(
            FunctionName=f"{self.cloud.stack}-start-expiry", Payload=json.dumps(given).encode()
        )
        started = json.loads(answer["Payload"].read())
        assert started.get("started"), started

        def counts() -> Any:
            job = self.points.job(started["id"])
            return dict(job.report) if job and job.report is not None else None

        counted: dict[str, int] = demo.until("the run's end", counts)
        return counted


@pytest.fixture
def administrator(local_cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Administrator:
    for name, value in {
        "AWS_ENDPOINT_URL": local_cloud.endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    return Administrator(local_cloud)


@pytest.fixture
def me(api: httpx.Client) -> Member:
    return Member(api)


def reminders(who: Member) -> list[dict[str, Any]]:
    answer = (
        who.api.get("/_wechat/_standin/messages", params={"openid": who.openid}).raise_for_status().json()
    )
    return [each["data"] for each in answer["items"] if each["template_id"] == REMINDER]


def transfers(who: Member, kind: str) -> list[dict[str, Any]]:
    return [each for each in who.get("/me/transfers")["items"] if each["kind"] == kind]


def test_points_that_end_are_foretold_reminded_of_given_away_once_and_expire(
    administrator: Administrator, me: Member
):
    lot = lot_of(clock.programme_day(clock.now()))
    ended = clock.programme_day(lot_end(lot))  # the 1st of next month
    administrator.credit(me.id, MAAS, 250, lot)
    chosen = me.request("PUT", f"/me/expiry-choices/{MAAS}", json={"choice": "donate", "reward_id": GREENWAY})
    assert chosen.status_code == 200, chosen.text
    forecast = me.get("/me/points-forecast", programme_id=MAAS)
    assert forecast["points"] == 250
    (ending,) = forecast["lots"]
    assert (ending["points"], ending["ends_as"]) == (250, "donation")
    assert ending["expires_at"] == clock.to_text(lot_end(lot))
    demo.control(me.api, "subscriptions", openid=me.openid, template_id=REMINDER, accepts=5)

    administrator.run(ended - timedelta(days=7))
    (told,) = reminders(me)
    assert (told["number2"], told["time3"]) == ("250", f"{ended - timedelta(days=1)} 23:59")

    administrator.run(ended - timedelta(days=2))
    (given,) = transfers(me, "donation")
    assert me.points() == 0
    last = me.get("/me/points-forecast", programme_id=MAAS)["choice"]["last_donation"]
    assert (last["status"], last["points"]) == ("donated", 250)
    redemption = me.get(f"/redemptions/{last['redemption_id']}")
    assert (redemption["reward_id"], redemption["quantity"]) == (GREENWAY, 250)

    administrator.credit(me.id, MAAS, 40, lot)
    administrator.run(ended - timedelta(days=1))
    assert ([each["id"] for each in transfers(me, "donation")], me.points()) == ([given["id"]], 40)
    assert len(reminders(me)) == 1

    administrator.run(ended)
    (expired,) = transfers(me, "expire")
    assert (expired["change"], me.points()) == ({"points": -40}, 0)
    assert len(reminders(me)) == 1


def reported(operator: Member, programme_id: str) -> dict[str, Any]:
    """A report in which everything was judged: asked for anew while rewards are sold meanwhile."""
    for _ in range(5):
        key = ids.new_id(clock.now())
        started = operator.request("POST", "/reports", json={"programme_id": programme_id}, key=key)
        assert started.status_code == 202, started.text
        path = f"/reports/{started.json()['id']}"

        def done(path: str = path) -> dict[str, Any] | None:
            report: dict[str, Any] = operator.get(path)
            return report if report["status"] == "done" else None

        report: dict[str, Any] = demo.until("the report", done)
        again = operator.request("POST", "/reports", json={"programme_id": programme_id}, key=key)
        assert (again.status_code, again.json()) == (
            202,
            started.json(),
        )  # its function may not read what was found
        if report["reconciles"] is not None:
            return report
        time.sleep(20)  # what moved in the minute before a report is in motion
    raise AssertionError(f"always in motion: {report['in_motion']}")


@pytest.mark.alone
def test_a_report_reconciles_the_whole_deployment_and_names_a_redemption_that_is_missing(
    administrator: Administrator, me: Member, api: httpx.Client
):
    operator = Member(api, OPERATOR)
    me.earn(1_200)
    made = {}
    for reward_id in ("carbon-88-cola-12", "carbon-88-coffee"):
        home = {"recipient": "陈小满", "phone": "13800000000", "address": "示范路 1 号"}
        order = {"reward_id": reward_id, "quantity": 2, "delivery": home}
        answer = me.request("POST", "/redemptions", json=order, key=reward_id)
        assert answer.status_code == 201, answer.text
        made[reward_id] = answer.json()["id"]
    administrator.let_hand_on(me.id, f"{made['carbon-88-coffee']}-0")
    friend = Member(api)  # who never had a point
    me.befriend(friend)
    handed = me.request(
        "POST", f"/coupons/{made['carbon-88-coffee']}-0/transfer", json={"friend_id": friend.id}
    )
    assert handed.status_code == 201, handed.text
    chosen = made["carbon-88-cola-12"]
    report = reported(operator, "carbon-88")
    assert report["reconciles"], report["differences"]

    dynamodb, table = administrator.cloud.aws("dynamodb"), f"{administrator.cloud.stack}-rewards"
    key = {"owner": {"S": member(me.id)}, "entry": {"S": f"X#{chosen}"}}
    item = dynamodb.get_item(TableName=table, Key=key)["Item"]
    dynamodb.delete_item(TableName=table, Key=key)
    try:
        broken = reported(operator, "carbon-88")
    finally:
        dynamodb.put_item(TableName=table, Item=item)
    assert broken["reconciles"] is False
    found = {(each["about"], each["id"], each["field"]): each["amount"] for each in broken["differences"]}
    assert found == {
        ("redemption", chosen, "points"): -1_000,
        ("reward", "carbon-88-cola-12", "pieces"): -2,
        ("programme", "carbon-88", "redeemed"): -1_000,
    }
    assert reported(operator, "carbon-88")["reconciles"]
