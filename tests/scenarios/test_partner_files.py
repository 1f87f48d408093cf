"""A data partner delivers a file through HTTP while the workers that take it are killed; the full size is in
tests/benchmarks/bench_partner_file.py."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.support.deliveries import DataPartner, Delivery, Plan, upload
from tests.support.rush import Workers

pytestmark = [pytest.mark.local_cloud, pytest.mark.alone, pytest.mark.timeout(400)]


def test_every_row_of_a_file_ends_once_whichever_workers_die(local_cloud: Any) -> None:
    report = Delivery(local_cloud, Plan(rows=1_000, kills_a_second=0.5)).play()
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
