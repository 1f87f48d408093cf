"""An operator registers a partner through HTTP, on the deployed template, IAM enforced; the partner's server is the stand-in."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from puhui.kernel import clock
from puhui.partners import signing
from tests.support.local_cloud import CloudUnderTest

pytestmark = pytest.mark.local_cloud


@pytest.fixture
def operator(local_cloud: CloudUnderTest) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {local_cloud.token('demo-operator')}"}
    with httpx.Client(base_url=f"{local_cloud.url}/v1", headers=headers, trust_env=False, timeout=30) as api:
        yield api


def body(url: str, **more: Any) -> dict[str, Any]:
    name = {"zh-CN": "影院", "en": "Cinema"}
    return {"programme_id": "carbon-88", "name": name, "url": url, "answer_within_seconds": 60} | more


def test_a_partner_is_registered_and_orders_signed_with_its_secret_are_taken(
    local_cloud: CloudUnderTest, operator: httpx.Client
):
    partner_id = f"cinema-{uuid.uuid4().hex[:8]}"
    url = f"{local_cloud.url}/_partner/{partner_id}"
    where = f"/partners/{partner_id}"
    assert operator.put(where, json=body("https://cinema.example")).status_code == 201
    assert operator.put(where, json=body(url)).status_code == 200
    assert operator.put(where, json=body("https://10.0.0.1")).status_code == 422
    assert operator.put(where, json=body(url, programme_id="nowhere")).status_code == 404

    key = {"Idempotency-Key": "first"}
    made = operator.post(f"{where}/secrets", headers=key)
    assert made.status_code == 201
    assert operator.post(f"{where}/secrets", headers=key).json() == made.json()
    assert [set(each) for each in operator.get(where).json()["secrets"]] == [{"id", "made_at"}]

    secret = made.json()["secret"]
    control = httpx.post(
        f"{local_cloud.url}/_partner/_standin/partners",
        json={"partner": partner_id, "secret": secret},
        trust_env=False,
    )
    assert control.status_code == 200
    order = json.dumps({"type": "order.placed", "order_id": "ORDER1", "quantity": 1}).encode()
    signed = signing.headers("ORDER1", order, [signing.key_of(secret)], clock.now())
    answers = [httpx.post(f"{url}/orders", content=order, headers=signed, trust_env=False) for _ in range(2)]
    assert [answer.json()["status"] for answer in answers] == ["issued", "issued"]
    assert answers[0].json() == answers[1].json()
    for stored in local_cloud.items("partners"):
        assert secret not in str(stored)


def test_the_demo_partner_is_there_and_points_at_the_stand_in(
    local_cloud: CloudUnderTest, operator: httpx.Client
):
    demo = operator.get("/partners/demo-partner").json()
    assert demo["url"] == f"{local_cloud.url}/_partner/demo-partner"
    assert demo["secrets"]
