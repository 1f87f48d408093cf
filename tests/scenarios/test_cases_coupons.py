"""What tills really send: each case of tests/cases/coupons.json through HTTP on the local cloud."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local.seed import COFFEE
from puhui.store.limits import LIMITS
from tests.scenarios.life import Member
from tests.support.cases import cases

SCANNED = {"\\r\\n": "\r\n", "<space>": " "}


@pytest.fixture(scope="module")
def api(local_cloud: Any) -> Any:
    with httpx.Client(base_url=local_cloud.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def member(api: httpx.Client) -> Member:
    someone = Member(api)
    someone.earn(COFFEE["price_points"] * 10)
    return someone


@pytest.fixture(scope="module")
def clerk(api: httpx.Client) -> Member:
    return Member(api, "demo-merchant")


def bought(member: Member) -> dict[str, Any]:
    """A new coupon."""
    order = {"reward_id": COFFEE["id"], "quantity": 1}
    answer = member.request("POST", "/redemptions", json=order)
    assert answer.status_code == 201, answer.text
    coupon: dict[str, Any] = member.get(f"/coupons/{answer.json()['coupons'][0]}")
    return coupon


def take(clerk: Member, code: str, **more: Any) -> httpx.Response:
    return clerk.request("POST", "/merchant/coupon-verifications", json={"code": code, **more})


@pytest.mark.parametrize("case", cases("coupons"), ids=json.dumps)
def test_a_coupon_is_taken_as_a_till_sends_it(case: dict[str, Any], member: Member, clerk: Member) -> None:
    coupon = bought(member)
    code = case.get("code", "<qr>").replace("<qr>", coupon["qr"])
    for told, really in SCANNED.items():
        code = code.replace(told, really)
    more = {}
    if "scanned_at" in case:
        ahead = timedelta(seconds=int(case["scanned_at"].removeprefix("now+").removesuffix("s")))
        more["scanned_at"] = (datetime.now(UTC) + ahead).isoformat()
    answer = take(clerk, code, **more)
    assert str(answer.status_code) == case["expect"].split()[0], answer.text
    assert datetime.fromisoformat(answer.json()["used_at"]) <= datetime.now(UTC)


def test_letters_typed_in_full_width_with_other_dashes_are_those_meant(member: Member, clerk: Member) -> None:
    code = bought(member)["code"]
    wide = "".join("—" if letter == "-" else chr(ord(letter) + 0xFEE0) for letter in code)
    assert take(clerk, f"\ufeff{wide}\t").status_code == 201
    assert take(clerk, "ABCD\x00").status_code == 400


def test_whoever_guesses_codes_is_stopped_and_a_colleague_is_not(
    api: httpx.Client, member: Member, clerk: Member
) -> None:
    stranger = Member(api)
    answers = [take(stranger, "ABCD-EFGH-JKMN")]
    while answers[-1].status_code == 404 and len(answers) <= 2 * LIMITS["coupon_guess"].calls:
        answers.append(take(stranger, "ABCD-EFGH-JKMN"))
    assert len(answers) > LIMITS["coupon_guess"].calls
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= LIMITS["coupon_guess"].seconds
    assert take(clerk, bought(member)["code"]).status_code == 201
