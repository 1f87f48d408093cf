"""An account's history moves: its export from one local cloud is brought into a second one, whose operator trusts the first one's log."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
from rich.console import Console

from infra.local import demo, seed
from infra.local.cloud import LocalCloud
from infra.local.emulator import free_port
from infra.local.settings import Settings
from tests.scenarios.life import Member
from tests.support.local_cloud import CloudUnderTest

pytestmark = [pytest.mark.local_cloud, pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudUnderTest]:
    """Another deployment, with keys, a log and members of its own."""
    settings = Settings(free_port(), tmp_path_factory.mktemp("second"))
    with LocalCloud(settings, Console(quiet=True)):
        yield CloudUnderTest(settings.url)


def export_of(me: Member) -> bytes:
    """The member's export, fetched once."""
    asked = me.request("POST", "/me/exports", key="move")
    assert asked.status_code == 202, asked.text
    path = f"/me/exports/{asked.json()['id']}"
    demo.until("the export", lambda: me.get(path)["status"] == "ready")
    me.sign_in()
    link = me.request("POST", f"{path}/link")
    assert link.status_code == 201, link.text
    return httpx.get(link.json()["url"]).raise_for_status().content


def bring(cloud: CloudUnderTest, name: str, content: bytes, member_id: str, policy: str) -> dict[str, object]:
    """What the operator of a cloud does with an export: upload it, invoke ``import-history``."""
    s3, functions = cloud.aws("s3"), cloud.aws("lambda")
    bucket = next(each["Name"] for each in s3.list_buckets()["Buckets"] if "-exports-" in each["Name"])
    s3.put_object(Bucket=bucket, Key=f"imports/{name}", Body=content)
    payload = {"member_id": member_id, "file": name, "policy": policy}
    answer = functions.invoke(FunctionName=f"{cloud.stack}-import-history", Payload=json.dumps(payload))
    told: dict[str, object] = json.loads(answer["Payload"].read())
    return told


def test_a_history_is_proved_and_credited_nowhere_again(
    api: httpx.Client, second: CloudUnderTest, tmp_path: Path
):
    me = Member(api)
    me.consent("photos")
    act = me.photo_act("subway_trip", {"trips": 1}, demo.photo(77_001), hours_ago=5)
    credited = me.ended(act)
    assert credited["status"] == "credited"

    def receipt() -> bool:
        return api.get(f"/v1/journal/receipts/{credited['entry_id']}").status_code == 200

    demo.until("the receipt", receipt)
    content, policy = export_of(me), api.get("/journal/policy").text

    with httpx.Client(base_url=second.url, timeout=30) as there:
        newcomer = Member(there)
        done = bring(second, "one.zip", content, newcomer.id, policy)
        assert (done.get("status"), done.get("activities")) == ("imported", 1), done
        assert done["sums"] == [
            {"programme_id": "carbon-88", "credits_mg": credited["credits_mg"], "points": credited["points"]}
        ]
        (listed,) = newcomer.get("/me/imports")["items"]
        (imported,) = newcomer.get(f"/me/imports/{listed['id']}/activities")["items"]
        assert (imported["id"], imported["status"], imported["proved"]) == (act, "imported", True)
        assert imported["credits_mg"] == credited["credits_mg"]
        assert newcomer.points() == 0
        assert newcomer.get("/me/transfers")["items"] == []
        # the same again changes nothing; to another member, or as a later export, it is refused
        assert bring(second, "one.zip", content, newcomer.id, policy)["id"] == listed["id"]
        other = Member(there)
        assert bring(second, "one.zip", content, other.id, policy)["errorType"] == "IMPORTED_BEFORE"
        assert other.get("/me/imports")["items"] == []
        # its own log is not the one that the receipts are of
        own = there.get("/journal/policy").text
        assert bring(second, "one.zip", content, other.id, own)["errorType"] == "IMPORT_REFUSED"
        assert bring(second, "two.zip", altered(content), other.id, policy)["errorType"] == "IMPORT_REFUSED"
        report = seed.invoke(second.aws("lambda"), "audit-ledger", {}, "the ledger's audit")
        assert report["sound"], report


def altered(content: bytes) -> bytes:
    """The export with another number in an act, and a manifest that was left as it is."""
    out = BytesIO()
    with ZipFile(BytesIO(content)) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            read = before.read(name)
            if name == "activities.jsonl":
                read = read.replace(b"subway_trip", b"subway_tripp")
            after.writestr(name, read)
    return out.getvalue()
