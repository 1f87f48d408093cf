"""Guangdong's alliance merchants, from certification to payment, through HTTP: a tea house is certified, its coupon is paid by
a sponsor, bought with carbon coins, verified at the till, settled by two people and paid, to the fen."""

import csv
import hashlib
import io
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local import demo
from infra.local.seed import DEMO_MERCHANTS
from tests.scenarios.life import Member, bank_of

pytestmark = pytest.mark.local_cloud
GUANGDONG = "guangdong-tanpuhui"
FEN, PRICE, STOCK = 1_500, 200, 40
TITLE = {"zh-CN": "早茶券", "en": "Morning tea"}


class Town:
    """The people of this story, and what they have agreed on."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api
        self.owner, self.clerk, self.second_clerk = Member(api), Member(api), Member(api)
        self.city, self.colleague = (Member(api, f"demo-authority-{who}") for who in ("city", "city-2"))
        self.operator = Member(api, "demo-operator")
        self.mark = f"{time.time_ns() % 10**9}"
        self.merchant_id = self._certified()
        self.budget_id = f"green-week-{self.mark}"
        self._funded(100_000)
        self.reward_id = f"tea-{self.mark}"

    def _certified(self) -> str:
        applied = self.owner.apply_as_merchant(GUANGDONG, key=f"apply-{self.owner.id}")
        assert applied.status_code == 201, applied.text
        merchant_id: str = applied.json()["id"]
        done = self.city.request(
            "POST", f"/merchants/{merchant_id}/certification", json={"decision": "certify", "version": 1}
        )
        assert done.status_code == 200, done.text
        branch = {
            "name": {"zh-CN": "天河店", "en": "Tianhe"},
            "address": "示范路 1 号",
            "region": "CN-GD",
            "open": True,
        }
        path = f"/merchants/{merchant_id}"
        assert self.owner.request("PUT", f"{path}/branches/tianhe", json=branch).status_code == 200
        for clerk in (self.clerk, self.second_clerk):
            invited = self.owner.request(
                "POST", f"{path}/staff-invitations", json={"role": "clerk", "branch_id": "tianhe"}
            )
            joined = clerk.request("POST", "/merchant/staff", json={"code": invited.json()["code"]})
            assert joined.status_code == 201, joined.text
        return merchant_id

    def _funded(self, fen: int) -> None:
        body = {"programme_id": GUANGDONG, "sponsor": {"zh-CN": "绿色出行周", "en": "Green week"}}
        assert self.operator.request("PUT", f"/budgets/{self.budget_id}", json=body).status_code in (200, 201)
        path = f"/budgets/{self.budget_id}/fundings"
        proposed = self.operator.request("POST", path, json={"fen": fen, "reference": "bank 1"}, key="fund")
        assert proposed.status_code == 201, proposed.text
        approval = f"{path}/{proposed.json()['id']}/approval"
        own = self.operator.request("POST", approval)
        assert own.status_code in (403, 409), "whoever proposed it does not approve it"
        assert self.city.request("POST", approval).status_code == 200

    @property
    def terms(self) -> dict[str, Any]:
        return {
            "programme_id": GUANGDONG,
            "kind": "coupon",
            "title": TITLE,
            "price_points": PRICE,
            "stock": STOCK,
            "per_member_limit": 3,
            "regions": ["CN-GD"],
            "merchant_id": self.merchant_id,
            "sponsor": {"budget_id": self.budget_id, "fen": FEN},
            "cancellable": True,
        }

    def budget(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.operator.get(f"/budgets/{self.budget_id}")
        return answer

    def verify(self, clerk: Member, code: str, key: str = "", **more: Any) -> httpx.Response:
        return clerk.request("POST", "/merchant/coupon-verifications", json={"code": code, **more}, key=key)


@pytest.fixture(scope="module")
def town(api: httpx.Client) -> Town:
    return Town(api)


def rider(api: httpx.Client) -> Member:
    """A member with carbon coins."""
    member = Member(api)
    bank_of(api).give(member.id, GUANGDONG, 1_031)
    return member


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_from_the_certified_merchant_to_the_money_in_its_bank(api: httpx.Client, town: Town):
    proposal = town.owner.request("POST", "/merchant/rewards", json={"id": town.reward_id, **town.terms})
    assert (proposal.status_code, proposal.json()["state"]) == (201, "proposed"), proposal.text
    me = rider(api)
    buy = {"reward_id": town.reward_id, "quantity": 1}
    assert code_of(me.request("POST", "/redemptions", json=buy)) == (409, "NOT_ON_SALE")
    assert me.request("GET", f"/rewards/{town.reward_id}").status_code == 404
    elsewhere = {"id": f"{town.reward_id}-2", **town.terms, "sponsor": {"budget_id": "no-such", "fen": 1}}
    assert code_of(town.owner.request("POST", "/merchant/rewards", json=elsewhere)) == (
        404,
        "BUDGET_NOT_FOUND",
    )
    published = town.operator.request("POST", f"/rewards/{town.reward_id}/publication", json={"version": 1})
    assert (published.status_code, published.json()["state"]) == (200, "on_sale"), published.text
    assert town.budget()["left_fen"] == 100_000 - STOCK * FEN

    coins = me.points()
    bought = me.request("POST", "/redemptions", json={**buy, "quantity": 2}, key="tea")
    assert (bought.status_code, bought.json()["status"], len(bought.json()["coupons"])) == (
        201,
        "fulfilled",
        2,
    )
    assert me.points() == coins - 2 * PRICE
    coupons = [me.get(f"/coupons/{each}") for each in bought.json()["coupons"]]
    assert {coupon["transferable"] for coupon in coupons} == {False}, (
        "Guangdong's coupons stay with their member"
    )

    with ThreadPoolExecutor(2) as pool:  # the same code at two tills at the same moment
        tills = list(
            pool.map(
                lambda clerk: town.verify(clerk, coupons[0]["code"], "till"), (town.clerk, town.second_clerk)
            )
        )
    assert sorted(answer.status_code for answer in tills) == [201, 409], [a.text for a in tills]
    assert [code_of(answer)[1] for answer in tills if answer.status_code == 409] == ["COUPON_USED"]
    scanned = town.verify(town.clerk, coupons[1]["qr"], "qr")
    assert (scanned.status_code, scanned.json()["coupon_id"]) == (201, coupons[1]["id"]), scanned.text
    assert town.verify(town.clerk, coupons[1]["qr"], "qr").json() == scanned.json()
    assert code_of(town.verify(me, coupons[0]["code"])) == (404, "COUPON_NOT_FOUND")
    assert {coupon["status"] for coupon in me.get("/coupons")["items"]} == {"used"}

    given_back = me.request("POST", "/redemptions", json=buy, key="one more")
    assert code_of(given_back) == (400, "INVALID_REQUEST"), "a key has no spaces"
    third = me.request("POST", "/redemptions", json=buy, key="one-more").json()
    assert me.request("POST", f"/redemptions/{third['id']}/cancellation").json()["status"] == "cancelled"
    assert me.points() == coins - 2 * PRICE

    statement = settle(town)
    assert statement["total_fen"] == 2 * FEN
    (line,) = [line for line in statement["lines"] if line["reward_id"] == town.reward_id]
    assert (line["pieces"], line["fen"]) == (2, 2 * FEN)
    rows = list(csv.reader(io.StringIO(csv_of(town, statement).lstrip("\ufeff"))))
    assert sum(int(row[rows[0].index("fen")]) for row in rows[1:]) == 2 * FEN
    budget = town.budget()
    assert budget["left_fen"] == 100_000 - STOCK * FEN

    closed = town.operator.request("POST", f"/rewards/{town.reward_id}/closure")
    assert (closed.status_code, closed.json()["state"], closed.json()["stock"]) == (200, "closed", 2)
    assert town.budget()["left_fen"] == 100_000 - 2 * FEN, "every fen that was not earned is free again"


def settle(town: Town) -> dict[str, Any]:
    """Settle everything up to now, approved by two people, posted and paid; the merchant's statement."""
    time.sleep(3)  # what is settled was verified a moment ago, at the least
    until = (datetime.now(UTC) - timedelta(seconds=2)).isoformat(timespec="seconds")
    opened = town.operator.request(
        "POST", "/settlements", json={"programme_id": GUANGDONG, "until": until}, key=f"settle-{town.mark}"
    )
    assert opened.status_code == 202, opened.text
    path = f"/settlements/{opened.json()['id']}"

    def is_(status: str) -> Any:
        return lambda: (found := town.operator.get(path))["status"] == status and found

    computed = demo.until("the settlement is computed", is_("computed"))
    first = town.city.request("POST", f"{path}/approval", json={"hash": computed["hash"]})
    assert (first.status_code, first.json()["status"]) == (200, "computed"), first.text
    again = town.city.request("POST", f"{path}/approval", json={"hash": computed["hash"]})
    assert again.json()["status"] == "computed", "one person is one approval"
    assert (
        town.colleague.request("POST", f"{path}/approval", json={"hash": computed["hash"]}).status_code == 200
    )
    demo.until("the settlement is posted", is_("posted"))
    mine = {"merchant_id": town.merchant_id}
    (entry,) = town.owner.get("/merchant/settlements", **mine)["items"]
    statement: dict[str, Any] = town.owner.get(f"/merchant{path}", **mine)
    assert (entry["settlement_id"], statement["status"]) == (opened.json()["id"], "posted")
    payment = {
        "merchant_id": town.merchant_id,
        "fen": statement["total_fen"],
        "reference": "bank 2",
        "paid_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    wrong = town.operator.request("POST", f"{path}/payments", json={**payment, "fen": 1}, key="wrong")
    assert wrong.status_code in (409, 422)
    paid = town.operator.request("POST", f"{path}/payments", json=payment, key=f"pay-{town.mark}")
    assert paid.status_code == 201, paid.text
    stranger = Member(town.api)
    assert stranger.request("GET", f"/merchant{path}", params=mine).status_code == 404
    page = town.owner.request("GET", f"/merchant{path}/statement", params=mine)
    assert page.headers["content-type"].startswith("text/html")
    assert TITLE["en"] in page.text or TITLE["zh-CN"] in page.text
    return statement


def csv_of(town: Town, statement: dict[str, Any]) -> str:
    path = f"/merchant/settlements/{statement['settlement_id']}/statement.csv"
    answer = town.owner.request("GET", path, params={"merchant_id": town.merchant_id})
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].startswith("text/csv"):
        return answer.text
    return httpx.get(answer.json()["url"]).text


def test_a_suspended_merchant_sells_and_verifies_nothing_until_it_is_reinstated(
    api: httpx.Client, town: Town
):
    reward_id = f"{town.reward_id}-b"
    terms = {**town.terms, "stock": 5}
    assert town.owner.request("POST", "/merchant/rewards", json={"id": reward_id, **terms}).status_code == 201
    assert (
        town.operator.request("POST", f"/rewards/{reward_id}/publication", json={"version": 1}).status_code
        == 200
    )
    me, buy = rider(api), {"reward_id": reward_id, "quantity": 1}
    coupon = me.get(f"/coupons/{me.request('POST', '/redemptions', json=buy).json()['coupons'][0]}")
    path, why = f"/merchants/{town.merchant_id}", {"reason_code": "COMPLAINTS", "note": "三次拒绝核销"}
    assert town.city.request("POST", f"{path}/suspension", json=why).status_code == 200
    assert code_of(me.request("POST", "/redemptions", json=buy)) == (409, "MERCHANT_SUSPENDED")
    assert code_of(town.verify(town.clerk, coupon["code"])) == (409, "MERCHANT_SUSPENDED")
    listed = me.get("/rewards", programme_id=GUANGDONG, limit=100)["items"]
    assert reward_id not in {item["id"] for item in listed}
    reinstated = town.colleague.request("POST", f"{path}/reinstatement", json={"note": "已整改"})
    assert reinstated.status_code == 200, reinstated.text
    assert town.verify(town.clerk, coupon["code"]).status_code == 201


def test_another_programmes_merchant_or_budget_gives_and_pays_for_nothing_here(town: Town):
    before, path = town.budget(), f"/rewards/{town.reward_id}-elsewhere"
    terms = {**town.terms, "programme_id": "carbon-88", "regions": []}
    refused = town.operator.request("PUT", path, json=terms)
    assert code_of(refused) == (422, "REWARD_INVALID"), "nobody would settle it"
    assert "merchant_id" in refused.json()["detail"]
    refused = town.operator.request("PUT", path, json=terms | {"merchant_id": DEMO_MERCHANTS["carbon-88"]})
    assert code_of(refused) == (422, "BUDGET_OF_ANOTHER_PROGRAMME")
    assert GUANGDONG in refused.json()["detail"]
    assert (town.budget(), town.operator.request("GET", path).status_code) == (before, 404)


def test_a_picture_of_the_tea_is_seen_once_it_passed_and_a_risky_one_never(api: httpx.Client, town: Town):
    tea, risky = demo.photo(time.time_ns()), demo.photo(time.time_ns())
    sha256 = hashlib.sha256(risky).hexdigest()
    demo.control(api, "verdicts", sha256=sha256, suggest="risky", label=20002)
    ids = [town.owner.document(data, "picture") for data in (tea, risky)]
    reward_id = f"{town.reward_id}-c"
    terms = {name: value for name, value in town.terms.items() if name != "sponsor"}
    proposal = {"id": reward_id, **terms, "pictures": ids}
    proposed = town.owner.request("POST", "/merchant/rewards", json=proposal)
    assert proposed.status_code == 201, proposed.text
    assert proposed.json()["pictures"] == [{"document_id": each} for each in ids]
    assert town.owner.request("POST", "/merchant/rewards", json=proposal).json() == proposed.json()
    not_own = town.operator.request("PUT", f"/rewards/{reward_id}-2", json={**terms, "pictures": ids})
    assert code_of(not_own) == (404, "DOCUMENT_NOT_FOUND")

    def states(member: Member, path: str, **query: str) -> list[str]:
        items = member.get(path, limit=100, **query)["items"]
        (mine,) = [item for item in items if item["id"] == reward_id]
        return [each["state"] for each in mine["pictures"]]

    def judged() -> bool:
        return "pending" not in states(town.operator, "/reward-proposals", programme_id=GUANGDONG)

    demo.until("the platform has judged both", judged)
    assert states(town.clerk, "/merchant/rewards", merchant_id=town.merchant_id) == ["passed", "refused"]
    assert (
        town.operator.request("POST", f"/rewards/{reward_id}/publication", json={"version": 1}).status_code
        == 200
    )
    me = Member(api)
    (address,) = me.get(f"/rewards/{reward_id}")["pictures"]
    assert httpx.get(address).content == tea
    listed = me.get("/rewards", programme_id=GUANGDONG, limit=100)["items"]
    assert [len(item["pictures"]) for item in listed if item["id"] == reward_id] == [1]
    changed = {**terms, "price_points": PRICE + 1, "pictures": ids}
    kept = town.operator.request("PUT", f"/rewards/{reward_id}", json=changed)
    assert kept.status_code == 200, "the operator changes the price; the owner's pictures stay"
    assert len(me.get(f"/rewards/{reward_id}")["pictures"]) == 1
