"""The pictures of tests/cases/photos.json, played through HTTP: each ends where its case says."""

import hashlib
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from infra.local import demo
from tests.scenarios.life import Member
from tests.support.made_pictures import of_case

CASES = Path(__file__).parents[1] / "cases"
STAMP = time.time_ns()


def fresh(data: bytes) -> bytes:
    """The same JPEG with a comment, so that it is nobody's exact copy where the cloud is played twice."""
    note = f"{STAMP} {time.time_ns()}".encode()
    return data[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + data[2:]


@pytest.fixture
def verifier(api: httpx.Client) -> Member:
    return Member(api, "demo-verifier")


def trip(
    api: httpx.Client, data: bytes, content_type: str = "image/jpeg", trips: int = 1
) -> tuple[Member, str]:
    """A member of its own rides once and sends this picture."""
    member = Member(api)
    member.consent("photos")
    evidence_id = member.upload(data, content_type)
    answer = member.record("subway_trip", {"trips": trips}, hours_ago=2, evidence_ids=[evidence_id])
    assert answer.status_code == 202, answer.text
    return member, answer.json()["id"]


def outcome(verifier: Member, member: Member, activity_id: str) -> tuple[str, list[str]]:
    """("credited", []), ("refused", [reason]) or ("review", signals)."""

    def found() -> tuple[str, list[str]] | None:
        activity = member.get(f"/activities/{activity_id}")
        if activity["status"] != "verifying":
            return activity["status"], [activity["reason_code"]] if "reason_code" in activity else []
        for review in verifier.get("/reviews", limit=100)["items"]:
            if review["activity_id"] == activity_id:
                return "review", review["risk"]["signals"]
        return None

    ended: tuple[str, list[str]] = demo.until("the end of the verification", found)
    return ended


def test_every_picture_of_the_cases_ends_where_its_case_says(api: httpx.Client, verifier: Member):
    cases = json.loads((CASES / "photos.json").read_text(encoding="utf-8"))
    files = {case["file"] for case in cases if "file" in case} | {
        name for case in cases for name in case.get("files", ())
    }
    wanted: dict[str, tuple[str, str, str]] = {
        "phone-mpf.jpg": ("image/jpeg", "review", "PHOTO_FLAT"),  # noise: read, and too even to compare
        "png-hole-between-idat.png": ("image/png", "refused", "FILE_TYPE"),
        "orient-6.jpg": ("image/jpeg", "review", "PHOTO_SIMILAR"),
        "gif-first-frame-noise.gif": ("image/gif", "review", "PHOTO_SIMILAR"),
        "mirrored.jpg": ("image/jpeg", "review", "PHOTO_SIMILAR"),
        "crop2pct.jpg": ("image/jpeg", "review", "PHOTO_SIMILAR"),
        "50mp-8192x6144.jpg": ("image/jpeg", "credited", ""),
        "blank-300.jpg": ("image/jpeg", "review", "PHOTO_FLAT"),
        "heic-as.jpg": ("image/jpeg", "refused", "FILE_TYPE"),
        "webp-as.jpg": ("image/jpeg", "refused", "FILE_TYPE"),
        "trunc.jpg": ("image/jpeg", "refused", "FILE_TYPE"),
    }
    assert files <= wanted.keys() | {"orient-base.jpg"}
    outcome(verifier, *trip(api, fresh(of_case("orient-base.jpg"))))
    sent = {name: trip(api, _data(name, kind), kind) for name, (kind, *_) in wanted.items()}
    again = trip(api, fresh(of_case("blank-300.jpg")), trips=4)
    for name, (_, status, found) in wanted.items():
        ended = outcome(verifier, *sent[name])
        assert (name, ended[0]) == (name, status)
        assert found in ["", *ended[1]], (name, ended)
    assert outcome(verifier, *again) == ("review", ["PHOTO_FLAT"])


def _data(name: str, content_type: str) -> bytes:
    data = of_case(name, STAMP)
    return fresh(data) if content_type == "image/jpeg" and data.startswith(b"\xff\xd8") else data


@pytest.mark.alone
def test_whatever_the_platform_answers_a_person_or_a_reason_ends_it(api: httpx.Client, verifier: Member):
    for errcode, status, found in (
        (61010, "review", "CONTENT_UNCHECKED"),
        (40097, "review", "CONTENT_UNCHECKED"),
        (87014, "refused", "CONTENT_RISKY"),
    ):
        demo.control(api, "faults", path="/wxa/media_check_async", errcode=errcode, times=1)
        ended = outcome(verifier, *trip(api, demo.photo(time.time_ns())))
        assert (errcode, ended[0]) == (errcode, status)
        assert found in ended[1]


def test_the_reviewer_sees_and_the_member_keeps_what_was_checked(api: httpx.Client, verifier: Member):
    """The form stays open for a quarter of an hour: what it is used for later changes nothing."""
    member = Member(api)
    member.consent("photos")
    data = demo.photo(time.time_ns())
    other = bytearray(data)
    other[-3] ^= 1
    told = {"content_type": "image/jpeg", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    prepared = member.request("POST", "/evidence", json=told).json()
    form = prepared["upload"]

    def send(content: bytes) -> None:
        httpx.post(form["url"], data=form["fields"], files={"file": ("photo", content, "image/jpeg")})

    send(data)
    demo.control(api, "verdicts", sha256=told["sha256"], suggest="review", label=21000)
    activity_id = member.record("subway_trip", {"trips": 1}, evidence_ids=[prepared["evidence_id"]]).json()[
        "id"
    ]
    assert outcome(verifier, member, activity_id) == ("review", ["CONTENT_REVIEW"])
    send(bytes(other))
    (review,) = [r for r in verifier.get("/reviews", limit=100)["items"] if r["activity_id"] == activity_id]
    address: Any = review["evidence"][0]["url"]
    assert httpx.get(address).content == data
    decided = verifier.request("POST", f"/reviews/{review['id']}/decision", json={"decision": "approve"})
    assert decided.status_code == 200, decided.text
    assert member.ended(activity_id)["status"] == "credited"
    send(bytes(other))
    assert httpx.get(address).content == data
    assert Image.open(io.BytesIO(httpx.get(address).content)).size == (960, 720)
