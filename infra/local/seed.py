"""The demo data: an ordered list of steps, each one call of an invoke-only function of the deployment.

Add a step by adding a line. A step may run any number of times: its function sets what should be, not one more.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from infra.build.contract import ROOT
from infra.local.partner import records
from infra.local.partner.stand_in import DEMO_PARTNER, DEMO_SECRET
from infra.local.settings import STACK, CannotStart
from puhui.kernel import ids

Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]

STAFF = {
    "demo-operator": ("示范运营员", ["operator"]),
    "demo-verifier": ("示范核验员", ["verifier"]),
    "demo-authority-province": ("省级主管部门", ["authority_province"]),
    "demo-authority-city": ("市级主管部门", ["authority_city"]),
    "demo-authority-city-2": ("市级主管部门复核员", ["authority_city"]),
    "demo-merchant": ("示范商户", ["merchant"]),
    "demo-org-admin": ("示范企业管理员", ["org_admin"]),
    "demo-ngo": ("示范公益机构", ["ngo"]),
    "demo-auditor": ("示范审计员", ["auditor"]),
}
MEMBERS_SINCE = "2026-03-12T00:00:00+08:00"
MEMBERS = [f"demo-member-{number}" for number in range(1, 21)]
DEMO_MERCHANTS = {
    programme_id: ids.key_id("demo-merchant", programme_id)
    for programme_id in ("guangdong-tanpuhui", "carbon-88")
}
COFFEE: dict[str, Any] = {
    "id": "carbon-88-coffee",
    "programme_id": "carbon-88",
    "kind": "coupon",
    "title": {"zh-CN": "咖啡一杯", "en": "A cup of coffee"},
    "price_points": 100,
    "stock": 1_000_000,
    "per_member_limit": None,
    "merchant_id": DEMO_MERCHANTS["carbon-88"],
    "cancellable": True,
}
PRESETS = ROOT / "layers/puhui/python/puhui/rewards/presets"
PROGRAMMES = ROOT / "layers/puhui/python/puhui/programmes/presets"


class Step(NamedTuple):
    what: str
    function: str  # after the stack's name
    payload: dict[str, Any]


def steps(url: str) -> Iterator[Step]:
    """All steps, in their order. ``url``: the friendly port's, where the stand-ins are."""
    for openid, (nickname, roles) in STAFF.items():
        yield Step(openid, "assign-roles", person(openid, nickname, *roles))
    for openid in MEMBERS:
        nickname = f"示范成员 {openid.rsplit('-', 1)[1]}"
        yield Step(openid, "assign-roles", person(openid, nickname))
    yield Step("published methodologies and programmes", "record-publications", {})
    yield Step(DEMO_PARTNER, "register-partner", _demo_partner(url))
    for partner_id in records.DATA_PARTNERS:
        yield Step(partner_id, "register-data-partner", _data_partner(partner_id))
    for programme_id, merchant_id in DEMO_MERCHANTS.items():
        yield Step(
            f"the merchant of {programme_id}", "import-merchant", _demo_merchant(merchant_id, programme_id)
        )
    yield Step(COFFEE["id"], "put-reward", COFFEE)
    for preset in sorted(PRESETS.glob("*.json")):
        for reward in json.loads(preset.read_text()):
            yield Step(reward["id"], "put-reward", reward)


def person(openid: str, nickname: str = "", *roles: str) -> dict[str, Any]:
    """Somebody who has been a member since the spring: acts from before a member's first day do not count."""
    return {"openid": openid, "nickname": nickname, "roles": ["member", *roles], "since": MEMBERS_SINCE}


def _demo_merchant(merchant_id: str, programme_id: str) -> dict[str, Any]:
    return {
        "id": merchant_id,
        "programme_id": programme_id,
        "owner": "demo-merchant",
        "certified_by": "demo-authority-city",
        "kind": "business",
        "name": {"zh-CN": "绿叶咖啡（示范）", "en": "Green Leaf Coffee (demo)"},
        "description": {"zh-CN": "示范联盟商家。", "en": "A merchant for trying things out."},
        "legal_id": "91350100M000100Y43",
        "contact": {"name": "示范商户", "phone": "13800000000"},
        "regions": ["CN"],
    }


def _demo_partner(url: str) -> dict[str, Any]:
    return {
        "id": DEMO_PARTNER,
        "programme_id": "carbon-88",
        "name": {"zh-CN": "示范合作方", "en": "Demo partner"},
        "url": f"{url}/_partner/{DEMO_PARTNER}",
        "answer_within_seconds": 3600,
        "secret": DEMO_SECRET,
    }


_SENT_BY = {
    "demo-metro": (("示范地铁公交", "Demo metro and bus"), ("subway_trip", "bus_trip")),
    "demo-bike": (("示范骑行", "Demo bike"), ("cycling",)),
    "demo-power": (("示范水电气与生活服务", "Demo utilities"), ()),  # whatever the two others do not send
}


def _data_partner(partner_id: str) -> dict[str, Any]:
    (chinese, english), own = _SENT_BY[partner_id]
    others = {each for _, behaviours in _SENT_BY.values() for each in behaviours}
    programmes = []
    for path in sorted(PROGRAMMES.glob("*.json")):
        document = json.loads(path.read_text())
        taken = [each["id"] for each in document["behaviours"] if "partner" in each["evidence"]]
        sent = [each for each in taken if (each in own if own else each not in others)]
        if sent:
            programmes.append({"programme_id": document["id"], "behaviours": sent})
    return {
        "id": partner_id,
        "name": {"zh-CN": chinese, "en": english},
        "programmes": programmes,
        "public_key": records.public_jwk(partner_id),
        "proposed_by": "demo-operator",
        "activated_by": "demo-operator-2",
        "openids": MEMBERS,
        "subject": records.SUBJECT,
    }


def seed(functions: Any, url: str, progress: Callable[[int, int], None]) -> int:
    """Run all steps by ``functions``, a boto3 client of Lambda. Returns how many there were. Raises CannotStart."""
    todo = list(steps(url))
    for number, step in enumerate(todo):
        progress(number, len(todo))
        invoke(functions, step.function, step.payload, f"seeding {step.what}")
    return len(todo)


def invoke(functions: Any, name: str, payload: dict[str, Any], why: str) -> dict[str, Any]:
    """The answer of an invoke-only function of the deployment. Raises CannotStart with what it said."""
    try:
        answer = functions.invoke(FunctionName=f"{STACK}-{name}", Payload=json.dumps(payload).encode())
    except ClientError as error:
        raise CannotStart(f"{why}: {error}") from error
    body: dict[str, Any] = json.loads(answer["Payload"].read() or b"{}") or {}
    if "FunctionError" in answer:
        raise CannotStart(
            f"{why}: {STACK}-{name} failed: {body.get('errorType')}: {body.get('errorMessage')}"
        )
    return body
