"""A data partner delivers a file through HTTP while the workers that take it are killed; the full size is in
tests/benchmarks/bench_partner_file.py."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from puhui.kernel import clock
from tests.support.deliveries import DataPartner, Delivery, Plan, upload
from tests.support.rush import Workers

pytestmark = [pytest.mark.local_cloud, pytest.mark.alone, pytest.mark.timeout(400)]


def test_every_row_of_a_file_ends_once_whichever_workers_die(local_cloud: Any) -> None:
    report = Delivery(local_cloud, Plan(rows=1_000, kills_a_second=0.2)).play()
    assert report.findings == [], report.shown()
    assert report.killed or not Workers.can_be_found()


def test_what_is_no_file_of_ours_is_refused_with_a_reason(local_cloud: Any) -> None:
    partner = DataPartner(local_cloud)
    content = b"item_no,behaviour\n1,walking\n"
    manifest = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "rows": 1}
    file = partner.request("POST", "/partner/files", {**manifest, "format": "csv"}).json()
    upload(file["upload"], content)
    ended = partner.await_end(file["id"])
    assert (ended["status"], ended["code"]) == ("refused", "FILE_HEADER_UNKNOWN")
    assert ended["reason"]


def test_a_file_is_its_partners_alone(local_cloud: Any) -> None:
    mine, other = DataPartner(local_cloud), DataPartner(local_cloud)
    manifest = {"sha256": "0" * 64, "size": 10, "rows": 1, "format": "jsonl"}
    file = mine.request("POST", "/partner/files", manifest).json()
    assert other.request("GET", f"/partner/files/{file['id']}").status_code == 404
    unsigned = httpx.get(f"{local_cloud.url}/v1/partner/files/{file['id']}", trust_env=False)
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "SIGNATURE_MISSING")


def test_a_partner_is_told_that_its_file_ended_and_is_told_again_when_it_asks(local_cloud: Any) -> None:
    """Signed by both of our keys, checked by the stand-in, which was written from the specification alone."""
    partner = DataPartner(local_cloud)
    operator = {"Authorization": f"Bearer {local_cloud.token('demo-operator')}"}
    webhook = f"{local_cloud.url}/v1/data-partners/{partner.id}/webhook"
    standin = f"{local_cloud.url}/_partner/_standin/webhooks"
    with httpx.Client(headers=operator, trust_env=False, timeout=60) as api:
        url = f"{local_cloud.url}/_partner/{partner.id}/webhooks"
        assert api.put(webhook, json={"url": "https://10.0.0.1/hooks"}).status_code == 422
        assert api.put(webhook, json={"url": url}).status_code == 201
        keys = api.post(f"{webhook}/keys").raise_for_status().json()["public_keys"]
        assert len(keys) == 2
        told = {"partner_id": partner.id, "public_keys": [keys[1]["key"]]}  # the older one only
        assert api.post(standin, json=told).status_code == 200

        file_id = _refused_file(partner)

        def inbox() -> dict[str, Any]:
            found = api.get(standin, params={"partner_id": partner.id}).raise_for_status().json()
            return dict(found)

        _until(lambda: len(inbox()["messages"]) == 1)
        (message,) = inbox()["messages"]
        assert (message["type"], message["data"]["file_id"]) == ("file.done", file_id)

        now = datetime.now(UTC)
        span = {
            "from": clock.to_text(now - timedelta(hours=1)),
            "to": clock.to_text(now + timedelta(seconds=1)),
        }
        replayed = partner.request("POST", "/partner/webhooks/replays", span)
        assert (replayed.status_code, replayed.json()["replayed"]) == (202, 1)
        _until(lambda: inbox()["attempts"] == 2)
        assert len(inbox()["messages"]) == 1
        assert inbox()["forged"] == 0

        api.post(standin, json={"partner_id": partner.id, "answers": [410]}).raise_for_status()
        assert api.post(f"{webhook}/replays", json=span).status_code == 202
        _until(lambda: api.get(webhook).json()["status"] == "disabled")
        assert api.get(webhook).json()["reason_code"] == "GONE"


def _refused_file(partner: DataPartner) -> str:
    content = b"two\nlines\n"
    manifest = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "rows": 1,
        "format": "jsonl",
    }
    file = partner.request("POST", "/partner/files", manifest).json()
    upload(file["upload"], content)
    ended = partner.await_end(file["id"])
    assert (ended["code"], ended["found"]) == ("FILE_ROWS_DIFFER", 2)
    return str(file["id"])


def _until(holds: Callable[[], bool], seconds: float = 150) -> None:
    """A replay is sent within the minute."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(1)
