"""The journal as its public sees it: through HTTP, on the deployed template, checked by programs that others wrote."""

import base64
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.build.contract import ROOT
from infra.local import demo, seed
from infra.local.settings import REGION
from puhui.kernel import clock, ids
from puhui.ledger.dynamo import Ledger
from puhui.ledger.model import Leg, Transfer, credits, member
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from puhui.tlog import checkpoints, entries, notes, policy, receipts
from puhui.tlog.merkle import leaf_hash
from puhui.tlog.notes import Note, from_b64
from puhui.tlog.policy import Policy
from puhui.tlog.tiles import WIDTH, path
from puhui.tlog.witnessing import AddCheckpoint
from tests.scenarios.life import Member
from tests.support.independent import PythonTools, Tool, running_witness
from tests.support.ledger import read_for
from tests.support.local_cloud import CloudUnderTest

pytestmark = [pytest.mark.local_cloud, pytest.mark.alone, pytest.mark.slow]

THOUSANDS, A_TRANSACTION = 3_000, 40
PROGRAMME = "carbon-88"


@dataclass(frozen=True)
class PublicLog:
    """The log at the friendly port, as a stranger reads it."""

    api: httpx.Client

    def text(self, where: str) -> str:
        """A public object."""
        return self.api.get(f"/journal/{where}").raise_for_status().text

    @property
    def policy(self) -> Policy:
        return policy.parse(self.text("policy"))

    def size(self) -> int:
        """How many entries are published."""
        answer = self.api.get("/journal/checkpoint")
        return (
            0 if answer.status_code == 404 else receipts.opened(answer.content, self.policy).checkpoint.size
        )

    def wait_for(self, size: int) -> None:
        """Until so many entries are published."""
        demo.until(f"a checkpoint of {size}", lambda: self.size() >= size)

    def receipt(self, entry_id: str) -> str:
        """The receipt of an entry, once there is one."""

        def look() -> str | None:
            answer = self.api.get(f"/v1/journal/receipts/{entry_id}")
            return answer.text if answer.status_code == 200 else None

        text: str = demo.until(f"the receipt of {entry_id}", look)
        return text

    def revision(self, entry_id: str, token: str = "") -> dict[str, Any]:
        """An entry as whoever has this token gets it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.api.get(f"/v1/journal/revisions/{entry_id}", headers=headers)
        assert answer.status_code == 200, answer.text
        revision: dict[str, Any] = answer.json()
        return revision

    def download(self, folder: Path) -> int:
        """The whole log into a folder; its size."""
        (folder / "checkpoint").write_bytes(self.api.get("/journal/checkpoint").content)
        size = checkpoints.parse_text(notes.parse((folder / "checkpoint").read_bytes()).text).size
        wanted = []
        for level in ("entries", *range(-(-size.bit_length() // 8))):
            hashes = size if level == "entries" else size >> 8 * int(level)
            wanted += [path(level, number) for number in range(hashes // WIDTH)]
            wanted += [path(level, hashes // WIDTH, hashes % WIDTH)] if hashes % WIDTH else []
        for each in wanted:
            (folder / each).parent.mkdir(parents=True, exist_ok=True)
            (folder / each).write_bytes(self.api.get(f"/journal/{each}").raise_for_status().content)
        return size


@pytest.fixture(scope="module")
def log(api: httpx.Client) -> PublicLog:
    return PublicLog(api)


@pytest.fixture(scope="module")
def ledger(local_cloud: CloudUnderTest) -> Iterator[Ledger]:
    """The deployed ledger's table, for an administrator."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": local_cloud.endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }.items():
            patch.setenv(name, value)
        yield Ledger(DynamoDB(), f"{local_cloud.stack}-ledger")


@pytest.fixture(scope="module")
def thousands(ledger: Ledger, log: PublicLog) -> list[str]:
    """Some thousand transfers of fifteen members, posted in haste; their ids, once all are published."""
    demo.until("the first checkpoint", log.size)
    before, now = log.size(), clock.now()
    asset, made = credits(PROGRAMME, now.year), []
    people = [member(ids.new_id(now)) for _ in range(15)]
    for first in range(0, THOUSANDS, A_TRANSACTION):
        account = people[first // A_TRANSACTION % len(people)]
        posted = [
            Transfer(
                ids.new_id(now),
                "credit",
                now,
                (Leg(f"issuance:{PROGRAMME}", asset, -n), Leg(account, asset, n)),
            )
            for n in range(1, A_TRANSACTION + 1)
        ]
        session = Session(ledger.dynamodb)
        ledger.add(session, posted, read_for(posted, ledger), clock.programme_day(now))
        session.commit()
        made += [transfer.id for transfer in posted]
    log.wait_for(before + THOUSANDS)
    return made


# What others' programs say of it


def test_a_verifier_that_others_wrote_accepts_the_whole_log(
    go_verifier: Tool, log: PublicLog, thousands: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    size = log.download(folder)
    assert size > THOUSANDS
    (tmp_path / "log.vkey").write_text(f"{log.policy.log}\n")
    (tmp_path / "policy").write_text(log.text("policy"))
    verdict = go_verifier("audit", tmp_path / "log.vkey", folder)
    assert verdict.ok, verdict.said
    assert f"{size} entries" in verdict.said
    for entry_id in (thousands[0], thousands[1234], thousands[-1]):
        (tmp_path / "receipt").write_text(log.receipt(entry_id))
        (tmp_path / "leaf").write_bytes(base64.b64decode(log.revision(entry_id)["entry"]))
        verdict = go_verifier("receipt", tmp_path / "policy", tmp_path / "leaf", tmp_path / "receipt", "3")
        assert verdict.ok, verdict.said


def test_it_accepts_the_proof_that_the_log_only_grew(
    go_verifier: Tool, log: PublicLog, thousands: list[str], tmp_path: Path, local_cloud: CloudUnderTest
) -> None:
    bucket = f"{local_cloud.stack}-journal-000000000000-{REGION}"
    listed = local_cloud.aws("s3").list_objects_v2(Bucket=bucket, Prefix="checkpoints/")["Contents"]
    sizes = sorted(int(each["Key"].rpartition("/")[2]) for each in listed)
    assert len(sizes) > 1
    old, new = sizes[0], sizes[-1]
    answer = log.api.get("/v1/journal/consistency", params={"from": old, "to": new}).json()
    (tmp_path / "log.vkey").write_text(f"{log.policy.log}\n")
    (tmp_path / "proof").write_text("".join(f"{each}\n" for each in answer["proof"]))
    for name, size in (("old", old), ("new", new)):
        (tmp_path / name).write_text(log.text(f"checkpoints/{size}"))
    verdict = go_verifier("consistency", *(tmp_path / name for name in ("log.vkey", "old", "new", "proof")))
    assert verdict.ok, verdict.said


def test_a_second_verifier_accepts_checkpoint_and_quorum(
    python_tools: PythonTools, log: PublicLog, thousands: list[str], tmp_path: Path
) -> None:
    size = log.download(tmp_path)
    keys = [f"--witness-key={each.key}" for each in log.policy.witnesses]
    common = ["--tiles", tmp_path, "--log-key", str(log.policy.log), *keys, "--quorum", "3"]
    assert python_tools.aics_tlog("verify-checkpoint", *common).ok
    verdict = python_tools.aics_tlog("verify-inclusion", *common, "--index", str(size - 1))
    assert verdict.ok, verdict.said


def test_an_unmodified_witness_of_others_cosigns_the_log_as_it_grows(
    python_tools: PythonTools, log: PublicLog, thousands: list[str], tmp_path: Path, api: httpx.Client
) -> None:
    with running_witness(python_tools, tmp_path, log.policy.log, "witness.third.example/w1") as third:
        old = 0
        for _ in range(2):
            checkpoint = log.text("checkpoint").encode()
            size = receipts.opened(checkpoint, log.policy).checkpoint.size
            proof = []
            if old:
                answer = log.api.get("/v1/journal/consistency", params={"from": old, "to": size}).json()
                proof = [from_b64(each) for each in answer["proof"]]
            answer = third.post(bytes(AddCheckpoint(old, tuple(proof), checkpoint)))
            assert answer.status == 200, answer.body
            signed = Note(notes.parse(checkpoint).text, notes.signatures_of(answer.body.decode()))
            assert third.key in signed.signed_by([third.key])
            old = size
            assert Member(api).record("cycling", {"distance_m": 4_000}).status_code == 201
            log.wait_for(size + 1)


def test_puhui_verify_audits_the_log_over_http(log: PublicLog, thousands: list[str]) -> None:
    command = [sys.executable, "-m", "puhui.verify", "log", f"{log.api.base_url}/journal", "--lang", "zh"]
    ran = subprocess.run(
        command,
        env={"PYTHONPATH": str(ROOT / "layers/puhui/python")},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "见证" in ran.stdout or "联署" in ran.stdout


# What a member sees


def opened(log: PublicLog, entry_id: str, token: str) -> dict[str, Any]:
    """The event that an entry opens to for whoever has this token; the opening and the receipt are checked."""
    receipt = receipts.parse(log.receipt(entry_id).encode())
    revision = log.revision(entry_id, token)
    leaf = base64.b64decode(revision["entry"])
    receipts.check(receipt, leaf_hash(leaf), log.policy)
    opening = revision["opening"]
    entries.check_opening(entries.parse(leaf), from_b64(opening["salt"]), opening["event"])
    event: dict[str, Any] = opening["event"]
    return event


def test_each_line_of_the_statement_has_an_entry_that_its_member_can_open(
    log: PublicLog, api: httpx.Client
) -> None:
    me = Member(api)
    assert me.record("cycling", {"distance_m": 40}).status_code == 201
    assert me.record("cycling", {"distance_m": 20}, hours_ago=3).status_code == 201
    for line in me.get("/me/transfers")["items"]:
        event = opened(log, line["entry_id"], me.access_token)
        assert (event["id"], event["kind"], event["at"]) == (line["id"], line["kind"], line["at"])
        told = [(leg["account"], leg["asset"], str(leg["amount"])) for leg in line["details"]["legs"]]
        assert [(leg["account"], leg["asset"], leg["amount"]) for leg in event["legs"]] == told


def test_from_act_to_receipt_takes_less_than_ten_seconds(log: PublicLog, api: httpx.Client) -> None:
    me = Member(api)
    started = time.monotonic()
    entry_id = me.record("cycling", {"distance_m": 4_000}).json()["entry_id"]
    log.receipt(entry_id)
    assert time.monotonic() - started < 10  # the promise itself, an order of magnitude above what it takes


def test_nobody_else_can_open_a_members_entry(log: PublicLog, api: httpx.Client) -> None:
    me, other = Member(api), Member(api)
    entry_id = me.record("cycling", {"distance_m": 4_000}).json()["entry_id"]
    log.receipt(entry_id)
    assert "opening" in log.revision(entry_id, me.access_token)
    assert "opening" not in log.revision(entry_id, other.access_token)
    assert "opening" not in log.revision(entry_id)
    for bad in ("garbage", me.access_token[:-6] + "AAAAAA"):
        headers = {"Authorization": f"Bearer {bad}"}
        answer = api.get(f"/v1/journal/revisions/{entry_id}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


def test_how_a_verification_ended_leaves_an_entry(log: PublicLog, api: httpx.Client) -> None:
    me = Member(api)
    me.consent("photos")
    activity = me.ended(me.photo_act("subway_trip", {"trips": 1}, demo.photo(time.time_ns()), hours_ago=5))
    event = opened(log, ids.key_id("decision", activity["id"]), me.access_token)
    assert (event["type"], event["status"], event["credits_mg"]) == ("decision", "credited", "200000")
    assert event["transfer_id"] == activity["entry_id"]


def test_a_published_methodology_stands_in_the_log_for_everybody(log: PublicLog, api: httpx.Client) -> None:
    event = opened(log, ids.key_id("methodology", "subway-trip", "1"), "")
    published = api.get("/v1/methodologies/subway-trip/versions/1").json()
    assert event["hash"] == published["hash"]


def test_a_partner_anchors_a_record_once(log: PublicLog, api: httpx.Client) -> None:
    partner = Member(api, "demo-merchant")
    digest = uuid.uuid4().hex * 2
    sent = [
        partner.request("POST", "/journal/anchors", json={"digest": digest}, key=f"anchor-{digest[:8]}")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [202, 202]
    assert sent[0].json() == sent[1].json()
    assert opened(log, sent[0].json()["entry_id"], "")["digest"] == digest
    other = partner.request("POST", "/journal/anchors", json={"digest": "0" * 64}, key=f"anchor-{digest[:8]}")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_an_entry_that_nobody_made_has_neither_receipt_nor_revision(api: httpx.Client) -> None:
    nobody = ids.new_id(clock.now())
    for where in ("receipts", "revisions"):
        answer = api.get(f"/v1/journal/{where}/{nobody}")
        assert (answer.status_code, answer.json()["code"]) == (404, "ENTRY_NOT_FOUND")
        assert answer.headers["retry-after"] == "2"


# What an operator sees


@pytest.fixture
def audit(local_cloud: CloudUnderTest) -> Callable[[], dict[str, Any]]:
    return lambda: seed.invoke(local_cloud.aws("lambda"), "audit-journal", {}, "the journal's audit")


def settled(audit: Callable[[], dict[str, Any]], ledger: Ledger, log: PublicLog) -> dict[str, Any]:
    """The audit's report when nothing is on its way."""
    report: dict[str, Any] = {}

    def look() -> bool:
        nonlocal report
        report = audit()
        return not report["on_their_way"]

    demo.until("the log to catch up", look)
    return report


def test_tampering_is_found_named_and_gone_once_it_is_undone(
    audit: Callable[[], dict[str, Any]],
    ledger: Ledger,
    log: PublicLog,
    thousands: list[str],
    local_cloud: CloudUnderTest,
) -> None:
    assert settled(audit, ledger, log)["findings"] == []
    items = [item for item in local_cloud.items("ledger") if item["entry"] == f"T#{thousands[7]}"]
    key = {"account": items[0]["account"], "entry": items[0]["entry"]}
    stored = ledger.dynamodb.get(ledger.table, key)
    assert stored
    forged = [leg | {"amount": leg["amount"] * 1000} for leg in stored["legs"]]
    ledger.dynamodb.put_all(ledger.table, [stored | {"legs": forged}])
    findings = settled(audit, ledger, log)["findings"]
    assert {(each["kind"], each["what"]) for each in findings} >= {("transfer", thousands[7])}
    assert "balance" in {each["kind"] for each in findings}  # nor do its sums agree
    ledger.dynamodb.put_all(ledger.table, [stored])

    storage = local_cloud.aws("s3")
    where = {"Bucket": f"{local_cloud.stack}-journal-000000000000-{REGION}", "Key": "tile/0/002"}
    tile = storage.get_object(**where)["Body"].read()
    storage.put_object(**where, Body=b"\x00" * 32 + tile[32:])
    findings = settled(audit, ledger, log)["findings"]
    assert [(each["kind"], "tile/0/002" in each["detail"]) for each in findings] == [("tile", True)]
    storage.put_object(**where, Body=tile)
    assert settled(audit, ledger, log)["findings"] == []


def test_an_erased_members_entries_stay_proved_and_cannot_be_opened(
    audit: Callable[[], dict[str, Any]],
    ledger: Ledger,
    log: PublicLog,
    api: httpx.Client,
    local_cloud: CloudUnderTest,
) -> None:
    me = Member(api)
    entry_id = me.record("cycling", {"distance_m": 4_000}).json()["entry_id"]
    receipt = log.receipt(entry_id)
    assert "opening" in log.revision(entry_id, me.access_token)
    before = settled(audit, ledger, log)["erased"]
    erased = seed.invoke(
        local_cloud.aws("lambda"),
        "erase-entries",
        {"subject": member(me.id), "reason": "the member asked"},
        "the erasure",
    )
    assert erased == {"entries": 1, "payloads": 1}
    revision = log.revision(entry_id, me.access_token)
    assert "opening" not in revision
    receipts.check(
        receipts.parse(receipt.encode()), leaf_hash(base64.b64decode(revision["entry"])), log.policy
    )
    report = settled(audit, ledger, log)
    assert (report["sound"], report["erased"]) == (True, before + 1)


def test_a_poisoned_record_lands_in_the_queue_and_holds_up_nobody(
    ledger: Ledger, log: PublicLog, api: httpx.Client, local_cloud: CloudUnderTest
) -> None:
    bad = {
        "account": "member:POISON",
        "entry": f"T#{ids.new_id(clock.now())}",
        "kind": "credit",
        "at": "yesterday",
    }
    ledger.dynamodb.put_all(ledger.table, [bad])
    me = Member(api)
    log.receipt(me.record("cycling", {"distance_m": 4_000}).json()["entry_id"])
    queues = local_cloud.aws("sqs")
    url = queues.get_queue_url(QueueName=f"{local_cloud.stack}-journal-poison")["QueueUrl"]

    def look() -> dict[str, Any] | None:
        found = queues.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
        return json.loads(found[0]["Body"]) if found else None

    parked = demo.until("the poisoned record in its queue", look)
    assert parked["key"] == {"account": bad["account"], "entry": bad["entry"]}
    queues.purge_queue(QueueUrl=url)
    ledger.dynamodb.delete_all(ledger.table, [{name: str(bad[name]) for name in ("account", "entry")}])


def test_the_bucket_gives_strangers_the_log_and_nothing_else(
    log: PublicLog, local_cloud: CloudUnderTest
) -> None:
    bucket = f"{local_cloud.stack}-journal-000000000000-{REGION}"
    staged = local_cloud.aws("s3").list_objects_v2(Bucket=bucket, Prefix="staging/", MaxKeys=1)["Contents"]
    assert log.api.get("/journal/checkpoint").status_code == 200
    assert log.api.get(f"/journal/{staged[0]['Key']}").status_code == 403
    assert log.api.put("/journal/checkpoint", content=b"forged").status_code in (403, 405)
