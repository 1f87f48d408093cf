"""What partners, operators and members get from the functions, on real tables: as events of API Gateway, signed by the stand-in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local import seed
from infra.local.partner import records
from puhui.kernel import clock
from puhui.members.repository import Members
from puhui.members.usecases import member_of
from puhui.partners.data_partners import binding
from puhui.store.client import DynamoDB
from puhui.store.limits import Limits
from puhui.store.sealing import Sealer
from tests.contracts.ingestion.conftest import KEY, Side
from tests.support import gateway
from tests.support.gateway import FUNCTIONS, Answer, call

BASE = "https://api.puhui.example/v1"
USE_TABLES = ("ingest_activities", "get_partner_batch")
USE_PARTNERS = (
    "put_data_partner",
    "get_data_partner",
    "activate_data_partner",
    "add_data_partner_key",
    "remove_data_partner_key",
    "suspend_data_partner",
    "register_binding_code",
    "start_partner_binding",
    "bind_partner",
    "list_partner_bindings",
    "unbind_partner",
)


@pytest.fixture(autouse=True)
def members(
    function_environment: None,
    side: Side,
    make_table: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Members:
    """The functions on the side's tables; ``side.member_id`` is a real member from now on."""
    monkeypatch.delenv("PROGRAMMES_TABLE", raising=False)
    monkeypatch.delenv("METHODOLOGIES_TABLE", raising=False)
    members = Members(DynamoDB(), make_table("members"), Sealer(bytes(range(32)), b"pepper"))
    for name in USE_TABLES:
        monkeypatch.setattr(gateway.handler(name), "TABLES", side.tables)
    for name in USE_PARTNERS:
        monkeypatch.setattr(gateway.handler(name), "PARTNERS", side.tables.partners)
    for name in ("bind_partner", "unbind_partner"):
        monkeypatch.setattr(gateway.handler(name), "MEMBERS", members)
    monkeypatch.setattr(gateway.handler("register_binding_code"), "ALIAS_KEY", lambda: KEY)
    monkeypatch.setattr(gateway.handler("bind_partner"), "LIMITS", Limits(DynamoDB(), make_table("limits")))
    since = datetime.now(UTC) - timedelta(days=90)
    side.member_id = member_of("openid-1", "key", members=members, now=since).id
    return members


def signed(
    operation_id: str, method: str, path: str, body: Any = None, partner: str = "demo-metro", **more: Any
) -> Answer:
    text = "" if body is None else json.dumps(body)
    headers = records.signed(partner, method, f"{BASE}{path}", text.encode(), **more)
    names = more.pop("path", None)
    return call(operation_id, headers=headers, body=text or None, path=names, member="", roles=())


def registered(
    side: Side, members: Members, monkeypatch: pytest.MonkeyPatch, *openids: str
) -> dict[str, Any]:
    module = gateway.load(FUNCTIONS / "partners/register_data_partner/app.py")
    monkeypatch.setattr(module, "PARTNERS", side.tables.partners)
    monkeypatch.setattr(module, "MEMBERS", members)
    monkeypatch.setattr(binding, "alias_key", lambda: KEY)
    step = next(each for each in seed.steps("http://127.0.0.1:1") if each.what == "demo-metro")
    return dict(module.app({**step.payload, "openids": list(openids)}, None))


def trip(member_ref: str, item_no: str = "trip-1", hours: int = 3) -> dict[str, Any]:
    began = datetime.now(UTC) - timedelta(hours=hours)
    return {
        "item_no": item_no,
        "member_ref": member_ref,
        "programme_id": "guangdong-tanpuhui",
        "behaviour": "subway_trip",
        "quantity": {"trips": 1},
        "occurred_at": clock.to_text(began),
        "ended_at": clock.to_text(began + timedelta(minutes=25)),
    }


def test_the_demo_partners_send_for_members_who_are_bound_with_their_consent_on_record(
    side: Side, members: Members, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(2):  # seeded at every start
        assert registered(side, members, monkeypatch, "openid-1", "nobody") == {
            "id": "demo-metro",
            "status": "active",
        }
    consent = members.find(side.member_id).consents["partner:demo-metro"]
    assert consent.granted
    code = signed(
        "register_binding_code",
        "POST",
        "/partner/binding-codes",
        {"subject": records.SUBJECT + side.member_id},
    )
    assert code.status == 201, code.text
    ref = code.json["member_ref"]
    batch = {"batch_id": "b-1", "items": [trip(ref), trip(ref, "trip-2", 5)]}
    answer = signed("ingest_activities", "POST", "/partner/activities", batch)
    assert answer.status == 200, answer.text
    assert answer.json["totals"]["credited"] == 2
    again = signed("ingest_activities", "POST", "/partner/activities", batch)
    assert again.json == answer.json
    path = "/partner/batches/b-1"
    headers = records.signed("demo-metro", "GET", f"{BASE}{path}", b"")
    read = call("get_partner_batch", headers=headers, path={"batch_id": "b-1"}, roles=())
    assert read.json == answer.json
    event = {
        "specversion": "1.0",
        "id": "trip-2",
        "source": "/data-partners/demo-metro",
        "type": "puhui.activity.recorded",
        "subject": ref,
        "time": batch["items"][1]["occurred_at"],  # type: ignore[index]
        "data": {
            name: batch["items"][1][name]  # type: ignore[index]
            for name in ("programme_id", "behaviour", "quantity", "ended_at")
        },
    }
    kind = "application/cloudevents-batch+json"
    answer = signed("ingest_activities", "POST", "/partner/activities", [event], content_type=kind)
    assert [each["status"] for each in answer.json["items"]] == ["duplicate"], answer.text


def test_a_member_binds_and_unbinds_and_the_consent_goes_along(side: Side, members: Members):
    code = side.register("card-9", now=clock.now()).code
    said = {"partner_id": "metro", "code": code.lower()}
    made = call("bind_partner", member=side.member_id, body=said)
    assert made.status == 201, made.text
    assert call("bind_partner", member=side.member_id, body=said).status == 200
    consent = members.find(side.member_id).consents["partner:metro"]
    assert (consent.granted, len(consent.version)) == (True, 16)
    gone = call("unbind_partner", member=side.member_id, path={"partner_id": "metro"})
    assert gone.status == 204, gone.text
    assert not members.find(side.member_id).consents["partner:metro"].granted
    again = call("unbind_partner", member=side.member_id, path={"partner_id": "metro"})
    assert (again.status, again.json["code"]) == (404, "BINDING_NOT_FOUND")


def test_two_people_and_what_one_may_do_alone():
    path, roles = {"partner_id": "bus"}, ("member", "operator")

    def ask(operation: str, member: str = "O1", **more: Any) -> Answer:
        return call(operation, member=member, roles=roles, path=more.pop("path", path), **more)

    terms = {
        "name": {"zh-CN": "公交", "en": "Bus"},
        "programmes": [{"programme_id": "carbon-88", "behaviours": ["subway_trip"]}],
    }
    assert ask("get_data_partner").status == 404
    assert ask("put_data_partner", body=terms).status == 201
    key = ask("add_data_partner_key", body={"public_key": records.public_jwk("bus")})
    assert (key.status, key.json["status"]) == (201, "proposed")
    own = ask("activate_data_partner", body={"hash": key.json["hash"]})
    assert (own.status, own.json["code"]) == (403, "PROPOSER_MAY_NOT_APPROVE")
    stale = ask("activate_data_partner", "O2", body={"hash": "ab" * 32})
    assert (stale.status, stale.json["code"]) == (409, "DATA_PARTNER_CHANGED")
    active = ask("activate_data_partner", "O2", body={"hash": key.json["hash"]})
    assert active.json["status"] == "active", active.text
    assert ask("activate_data_partner", "O2", body={"hash": key.json["hash"]}).json == active.json

    changed = ask("put_data_partner", body=terms | {"sandbox": True})
    assert changed.status == 200
    assert changed.json["terms"]["sandbox"] is False, "the terms before hold until another person activates"
    (named,) = active.json["terms"]["keys"]
    removed = ask("remove_data_partner_key", path={**path, "key_id": named["id"]})
    assert removed.json["terms"]["keys"] == []
    stopped = ask("suspend_data_partner", "O2", body={"reason": "a reason"})
    assert stopped.json["status"] == "suspended"
    back = ask("activate_data_partner", "O2", body={"hash": stopped.json["hash"]})
    assert back.json["code"] == "PROPOSER_MAY_NOT_APPROVE", "nor whoever suspended it"
    assert ask("activate_data_partner", "O3", body={"hash": stopped.json["hash"]}).json["status"] == "active"
    unknown = ask(
        "put_data_partner", body=terms | {"programmes": [{"programme_id": "x", "behaviours": ["y"]}]}
    )
    assert unknown.status == 404


def test_what_is_not_signed_or_not_json_is_refused(side: Side):
    batch = {"batch_id": "b-1", "items": [trip(side.member_ref)]}
    assert call("ingest_activities", body=batch, roles=()).json["code"] == "SIGNATURE_MISSING"
    other = call("ingest_activities", body="<x/>", headers={"Content-Type": "text/xml"}, roles=())
    assert (other.status, other.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    many = {"batch_id": "b-1", "items": [trip(side.member_ref)] * 501}
    assert call("ingest_activities", body=many, roles=()).status in (400, 413)
    unknown = signed("ingest_activities", "POST", "/partner/activities", batch, partner="demo-bike")
    assert unknown.json["code"] == "SIGNATURE_KEY_UNKNOWN"
