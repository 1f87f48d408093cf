"""Members on the local cloud, for the tests that go through HTTP."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from tests.support.bank import Bank
from tests.support.local_cloud import WAIT_SECONDS


class Member:
    """Somebody who is signed in, by phone."""

    def __init__(self, api: httpx.Client, openid: str = "") -> None:
        self.api = api
        self.openid = openid or demo.newcomer(api, "测试")
        self.sign_in()

    def sign_in(self) -> None:
        """Sign in (again): a fresh code, fresh tokens."""
        code = demo.control(self.api, "login-codes", openid=self.openid)["code"]
        answer = self.api.post("/v1/sessions", json={"code": code, "programme_id": "carbon-88"})
        assert answer.status_code == 201, answer.text
        self.session: dict[str, Any] = answer.json()

    @property
    def access_token(self) -> str:
        token: str = self.session["access_token"]
        return token

    @property
    def id(self) -> str:
        member_id: str = self.session["member"]["id"]
        return member_id

    def request(self, method: str, path: str, *, key: str = "", **more: Any) -> httpx.Response:
        """One request with the member's token."""
        headers = {"Authorization": f"Bearer {self.access_token}", "Accept-Language": "en"}
        headers |= {"Idempotency-Key": key} if key else {}
        return self.api.request(method, f"/v1{path}", headers=headers | more.pop("headers", {}), **more)

    def get(self, path: str, **params: Any) -> Any:
        """The body of a GET that succeeds."""
        answer = self.request("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def consent(self, *purposes: str) -> None:
        """Agree to purposes."""
        for purpose in purposes:
            body = {"granted": True, "version": "2026-11"}
            assert self.request("PUT", f"/me/consents/{purpose}", json=body).status_code == 200

    def record(
        self, behaviour: str, quantity: dict[str, Any], *, hours_ago: float = 1, key: str = "", **more: Any
    ) -> httpx.Response:
        """Record an act of some hours ago."""
        at = more.pop("at", None) or datetime.now(UTC) - timedelta(hours=hours_ago)
        body = {
            "programme_id": "carbon-88",
            "behaviour": behaviour,
            "occurred_at": at.isoformat(timespec="seconds"),
            "quantity": quantity,
            **more,
        }
        return self.request("POST", "/activities", json=body, key=key)

    def sent(
        self, behaviour: str, quantity: dict[str, Any], *, hours_ago: float = 1, **more: Any
    ) -> dict[str, Any]:
        """What a data partner is answered who sends a record of the member."""
        at = more.get("at") or datetime.now(UTC) - timedelta(hours=hours_ago)
        programme_id = more.get("programme_id", "carbon-88")
        name = more.get("name", str(time.time_ns()))
        return bank_of(self.api).record(self.id, programme_id, behaviour, quantity, at, name)

    def credited(self, behaviour: str, quantity: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The act of a partner's record."""
        answer = self.sent(behaviour, quantity, **more)
        assert "activity_id" in answer, answer
        activity: dict[str, Any] = self.get(f"/activities/{answer['activity_id']}")
        return activity

    def upload(self, data: bytes, content_type: str = "image/jpeg", announced: bytes | None = None) -> str:
        """Announce and upload a picture."""
        told = announced if announced is not None else data
        body = {"content_type": content_type, "size": len(told), "sha256": hashlib.sha256(told).hexdigest()}
        answer = self.request("POST", "/evidence", json=body)
        assert answer.status_code == 201, answer.text
        upload = answer.json()["upload"]
        files = {"file": ("photo", data, content_type)}
        stored = httpx.post(upload["url"], data=upload["fields"], files=files)
        assert stored.status_code in (200, 201, 204), stored.text
        evidence_id: str = answer.json()["evidence_id"]
        return evidence_id

    def document(self, data: bytes, kind: str = "business_licence") -> str:
        """Announce and upload a document of a merchant (PDF or JPEG); its id."""
        content_type = "application/pdf" if data.startswith(b"%PDF-") else "image/jpeg"
        digest = hashlib.sha256(data).hexdigest()
        body = {"kind": kind, "content_type": content_type, "size": len(data), "sha256": digest}
        answer = self.request("POST", "/merchant/documents", json=body)
        assert answer.status_code == 201, answer.text
        upload = answer.json()["upload"]
        files = {"file": ("document", data, content_type)}
        stored = httpx.post(upload["url"], data=upload["fields"], files=files)
        assert stored.status_code in (200, 201, 204), stored.text
        document_id: str = answer.json()["document_id"]
        return document_id

    def apply_as_merchant(
        self, programme_id: str, document_ids: Sequence[str] = (), key: str = "", **more: Any
    ) -> httpx.Response:
        """Apply for a merchant with a code that nobody has."""
        body = {
            "programme_id": programme_id,
            "kind": "business",
            "name": {"zh-CN": "绿叶咖啡", "en": "Green Leaf Coffee"},
            "legal_id": legal_id(),
            "contact": {"name": "陈小满", "phone": "13800000000"},
            "regions": ["CN-GD"],
            "document_ids": list(document_ids) or [self.document(b"%PDF-1.7 a licence")],
            **more,
        }
        return self.request("POST", "/merchants", json=body, key=key)

    def photo_act(self, behaviour: str, quantity: dict[str, Any], data: bytes, **more: Any) -> str:
        """Record an act with a photo; its id."""
        answer = self.record(behaviour, quantity, evidence_ids=[self.upload(data)], **more)
        assert answer.status_code == 202, answer.text
        activity_id: str = answer.json()["id"]
        return activity_id

    def ended(self, activity_id: str) -> dict[str, Any]:
        """The activity once its verification has ended."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            activity: dict[str, Any] = self.get(f"/activities/{activity_id}")
            if activity["status"] != "verifying":
                return activity
            assert time.monotonic() < deadline, f"still verifying: {activity}"
            time.sleep(0.2)

    def points(self) -> int:
        """The points the member can spend."""
        return sum(item["points"] for item in self.get("/me/balances")["items"])

    def befriend(self, other: "Member") -> None:
        """Become friends with another member, by the other's code."""
        code = other.get("/me/friend-code")["code"]
        answer = self.request("POST", "/me/friends", json={"code": code})
        assert answer.status_code == 201, answer.text

    def earn(self, points: int) -> None:
        """Have at least so many points of carbon-88."""
        if (missing := points - self.points()) > 0:
            bank_of(self.api).give(self.id, "carbon-88", missing)


def bank_of(api: httpx.Client) -> Bank:
    """The bank of the local cloud behind a client of its friendly port."""
    return Bank(api.get("/health").raise_for_status().json()["emulator"])


def legal_id() -> str:
    """A right unified social credit code (GB 32100-2015), another one each time."""
    characters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91440100{time.time_ns() // 1000 % 10**9:09}"
    total = sum(characters.index(each) * pow(3, place, 31) for place, each in enumerate(body))
    return body + characters[-total % 31]


@dataclass
class Life:
    """A first member with an act, a redemption, an act under review, a friend and an application of a merchant; a second
    member; a stranger."""

    first: Member
    second: Member
    stranger: httpx.Client
    activity_id: str
    redemption_id: str
    review_id: str
    friend_id: str
    merchant_id: str
    export_id: str = ""


@pytest.fixture(scope="session")
def api(local_cloud: Any) -> Any:
    """A client of the local cloud's friendly port."""
    with httpx.Client(base_url=local_cloud.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def life(api: httpx.Client) -> Life:
    first, second, verifier = Member(api), Member(api), Member(api, "demo-verifier")
    first.consent("steps", "photos")
    activity_id = first.record("cycling", {"distance_m": 2_400}).json()["id"]
    first.earn(600)
    order = {"reward_id": demo.COLA, "quantity": 1, "delivery": demo.HOME}
    redemption = first.request("POST", "/redemptions", json=order, key="life")
    assert redemption.status_code == 201, redemption.text
    data = demo.photo(time.time_ns())
    demo.control(api, "verdicts", sha256=hashlib.sha256(data).hexdigest(), suggest="review", label=21000)
    waiting = first.photo_act("subway_trip", {"trips": 1}, data, hours_ago=4)
    review = demo.until("the review", lambda: _review(verifier, waiting))
    friend = Member(api)
    first.befriend(friend)
    merchant = first.apply_as_merchant("carbon-88")
    assert merchant.status_code == 201, merchant.text
    return Life(
        first,
        second,
        api,
        activity_id,
        redemption.json()["id"],
        review["id"],
        friend.id,
        merchant.json()["id"],
        first.request("POST", "/me/exports", key="life").json()["id"],
    )


def _review(verifier: Member, activity_id: str) -> dict[str, Any] | None:
    items = verifier.get("/reviews", limit=100)["items"]
    return next((review for review in items if review["activity_id"] == activity_id), None)
