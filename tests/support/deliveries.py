"""A data partner delivers a file of records through HTTP on the local cloud while the workers of its chunks are killed, and what must hold
afterwards.

    delivery = Delivery(cloud, Plan(rows=1_000, kills_a_second=1))
    report = delivery.play()
    assert report.findings == []

The partner, its accounts and who they are bound to are written straight into the deployment's table; everything else is HTTP: the file
is announced (twice), uploaded, awaited, its result read. Of every fifty rows one is no JSON, one repeats an the one before it, one
waits for a binding, one is of an account that nobody registered, and one is a fifth trip in a day.
"""

import base64
import hashlib
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.local import emulator, seed
from infra.local.settings import STACK
from puhui.kernel import clock, ids
from puhui.partners.data_partners import http_signatures, structured_fields, usecases
from puhui.partners.data_partners.bindings import Account
from puhui.partners.data_partners.http_signatures import Sent
from puhui.partners.data_partners.repository import ACCOUNT, DataPartners
from puhui.partners.data_partners.structured_fields import InnerList, Item
from puhui.store.aws import Service
from puhui.store.client import DynamoDB
from puhui.store.values import encode_item
from tests.support.rush import Killer, Workers, patiently

PROGRAMME = "guangdong-tanpuhui"
TRIPS_A_DAY = 4
FUNCTIONS = ("take-partner-chunk", "cut-partner-file", "close-partner-file", "await-partner-file")
STARTS_MOST = 4
ENDED = ("done", "refused", "expired", "stopped")
COVERED = ("@method", "@authority", "@path", "content-digest", "content-type")


@dataclass(frozen=True)
class Plan:
    """``kills_a_second``: how many workers die, on average, while the file is worked through."""

    rows: int = 1_000
    kills_a_second: float = 0.0
    seed: int = 1
    seconds: float = 300


@dataclass
class Report:
    """``findings``: what does not add up; ``starts``: how often the file was begun."""

    findings: list[str] = field(default_factory=list)
    totals: dict[str, Any] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    starts: int = 1
    seconds: float = 0.0

    def shown(self) -> dict[str, Any]:
        """For a person, or as JSON."""
        return {**vars(self), "killed": dict(self.killed)}


class DataPartner:
    """A data partner that is active on a local cloud, and signs."""

    def __init__(self, cloud: Any, partner_id: str = "") -> None:
        self.id = partner_id or f"metro-{uuid.uuid4().hex[:8]}"
        self.cloud = cloud
        self._key = Ed25519PrivateKey.generate()
        self._client = emulator.client(cloud.endpoint, "dynamodb")

        def call(_service: Service | str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = self._client._make_api_call(operation, request)
            return answer

        self.partners = DataPartners(DynamoDB(call), f"{STACK}-partners")
        self.key_id = self._activate()

    def _activate(self) -> str:
        now = datetime.now(UTC)
        terms = {
            "name": {"zh-CN": "地铁", "en": "Metro"},
            "programmes": [{"programme_id": PROGRAMME, "behaviours": ["subway_trip"]}],
        }
        usecases.put_data_partner(self.id, usecases.wanted_terms(terms), "one", partners=self.partners)
        x = base64.urlsafe_b64encode(self._key.public_key().public_bytes_raw()).decode().rstrip("=")
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
        proposed = usecases.add_key(self.id, jwk, "one", partners=self.partners, now=now)
        usecases.activate(self.id, "two", proposed.hash, partners=self.partners, now=now)
        assert proposed.proposed
        return f"{self.id}/{proposed.proposed.keys[0].id}"

    def accounts(self, bound: list[tuple[str, str]]) -> None:
        """Accounts by alias and whom they are bound to ("": nobody)."""
        now = datetime.now(UTC) - timedelta(days=30)
        items = [
            ACCOUNT.item(Account(ref, self.id, member, now if member else None, version=1))
            for ref, member in bound
        ]
        self._put_all("partners", items)

    def members(self, member_ids: Collection[str]) -> None:
        """Members who agree to what the partner sends."""
        agreed = {"granted": True, "at": clock.to_text(datetime.now(UTC)), "version": "1"}
        more = {"consents": {f"partner:{self.id}": agreed}, "nickname": "m", "roles": []}
        self._put_all("members", [_member_key(each) | more for each in member_ids])

    def members_leave(self, member_ids: Collection[str]) -> None:
        """Take them out again, so that nobody meets half a member."""
        for member_id in member_ids:
            self._client.delete_item(TableName=f"{STACK}-members", Key=encode_item(_member_key(member_id)))

    def _put_all(self, context: str, items: list[dict[str, Any]]) -> None:
        for first in range(0, len(items), 25):
            self.partners.dynamodb.put_all(f"{STACK}-{context}", items[first : first + 25])

    def request(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A signed request."""
        content = json.dumps(body).encode() if body is not None else b""
        return patiently(lambda: self._send(method, f"/v1{path}", content))

    def await_end(self, file_id: str, seconds: float = 120) -> dict[str, Any]:
        """The file when it has ended."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.request("GET", f"/partner/files/{file_id}").raise_for_status().json()
            if found["status"] in ENDED:
                return dict(found)
            if time.monotonic() > deadline:
                raise AssertionError(f"still {found}")
            time.sleep(1)

    def _send(self, method: str, path: str, content: bytes) -> httpx.Response:
        now = int(time.time())
        headers = {
            "content-type": "application/json",
            "content-digest": http_signatures.digest_header(content),
        }
        about: dict[str, str | int | bool | bytes] = {
            "created": now,
            "expires": now + 300,
            "keyid": self.key_id,
            "nonce": uuid.uuid4().hex,
            "tag": http_signatures.TAG,
        }
        covered = InnerList(tuple(Item(each) for each in COVERED), about)
        sent = Sent(method, urlsplit(self.cloud.url).netloc, path, "", headers, content)
        value = self._key.sign(http_signatures.base(covered, sent))
        headers["signature-input"] = f"sig1={structured_fields.serialised(covered)}"
        headers["signature"] = f"sig1={structured_fields.serialised(Item(value))}"
        with httpx.Client(base_url=self.cloud.url, timeout=60, trust_env=False) as api:
            return api.request(method, path, content=content, headers=headers)


class Delivery:
    """One file on a local cloud."""

    def __init__(self, cloud: Any, plan: Plan) -> None:
        self.cloud, self.plan = cloud, plan
        self.chance = random.Random(plan.seed)
        self.partner = DataPartner(cloud)
        self.report = Report()
        self.expected: list[str] = []
        self.members: dict[str, str] = {}

    def play(self) -> Report:
        """Announce, upload, kill, wait, check."""
        content = b"".join(line + b"\n" for line in self._lines())
        self.partner.members(self.members.values())
        self.partner.accounts([*self.members.items(), (f"{self.partner.id}-unbound", "")])
        manifest = {
            "file": "day.jsonl",
            "format": "jsonl",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "rows": self.plan.rows,
        }
        file = self._announce(manifest)
        upload(file["upload"], content)
        killer = None
        if self.plan.kills_a_second and Workers.can_be_found():
            killer = Killer(Workers(self.cloud.url), self.plan.kills_a_second, self.chance, FUNCTIONS)
            killer.start()
        started = time.monotonic()
        try:
            again = self._announce(manifest)
            ended = self.partner.await_end(file["id"], self.plan.seconds)
            while ended["status"] == "stopped" and self.report.starts < STARTS_MOST:
                # As a partner would: the same announcement goes on where it stopped.
                self.report.starts += 1
                self._announce(manifest)
                ended = self.partner.await_end(file["id"], self.plan.seconds)
        finally:
            if killer:
                killer.stop()
                self.report.killed = killer.killed
        self.report.seconds = round(time.monotonic() - started, 1)
        self._check(file, again, ended)
        self._check(file, self._announce(manifest), ended)
        self.partner.members_leave(self.members.values())
        return self.report

    def _lines(self) -> Iterator[bytes]:
        """The file's rows; what should become of each goes to ``expected``."""
        for n in range(self.plan.rows):
            wanted, row = self._spoiled(n, self._row(n))
            self.expected.append(wanted)
            yield b"{no json" if row is None else json.dumps(row).encode()

    def _row(self, n: int) -> dict[str, Any]:
        day = clock.programme_day(datetime.now(UTC)) - timedelta(days=1)
        trip, ref = n % TRIPS_A_DAY, f"{self.partner.id}-{n // TRIPS_A_DAY}"
        self.members.setdefault(ref, ids.new_id(datetime.now(UTC) - timedelta(days=60)))
        return {
            "item_no": f"r{n}",
            "member_ref": ref,
            "programme_id": PROGRAMME,
            "behaviour": "subway_trip",
            "quantity": {"trips": 1},
            "occurred_at": f"{day}T{8 + 2 * trip:02}:00:00+08:00",
            "ended_at": f"{day}T{8 + 2 * trip:02}:30:00+08:00",
        }

    def _spoiled(self, n: int, row: dict[str, Any]) -> tuple[str, Any]:
        match n % 50:
            case 10:
                return "refused ROW_UNREADABLE", None
            case 21:
                return "unbound", row | {"member_ref": f"{self.partner.id}-unbound"}
            case 32:
                return "refused MEMBER_REF_UNKNOWN", row | {"member_ref": "nobody"}
            case 43:
                hour = f"{row['occurred_at'][:11]}20:"
                first = f"{self.partner.id}-{n // TRIPS_A_DAY - 1}"
                times = {"occurred_at": f"{hour}00:00+08:00", "ended_at": f"{hour}30:00+08:00"}
                return "refused CAP_REACHED", row | {"member_ref": first} | times
            case 49:
                return "duplicate", self._row(n - 1)
        return "credited", row

    def _announce(self, manifest: dict[str, Any]) -> dict[str, Any]:
        answer = self.partner.request("POST", "/partner/files", manifest)
        if answer.status_code != 202:
            raise AssertionError(answer.text)
        told: dict[str, Any] = answer.json()
        return told

    def _find(self, what: str) -> None:
        self.report.findings.append(what)

    def _check(self, file: dict[str, Any], again: dict[str, Any], ended: dict[str, Any]) -> None:
        if again["id"] != file["id"]:
            self._find("announced again it is another file")
        if ended["status"] != "done":
            self._find(f"ended {ended['status']}: {ended}")
            return
        totals = self.report.totals = ended["totals"]
        answer = httpx.get(ended["result"]["url"], trust_env=False, timeout=60).raise_for_status()
        rows = [json.loads(line) for line in answer.text.splitlines()]
        if [row["row"] for row in rows] != list(range(1, self.plan.rows + 1)):
            self._find("the result has not one line a row, in order")
        for wanted, row in zip(self.expected, rows, strict=False):
            told = " ".join(filter(None, (row["status"], row.get("code", ""))))
            if not told.startswith(wanted) and len(self.report.findings) < 10:
                self._find(f"row {row['row']} is {told}, not {wanted}")
        counted = Counter(row["status"] for row in rows)
        waiting = counted["unbound"] + counted["pending"]
        sums = {name: totals[name] for name in ("credited", "refused", "duplicate", "waiting")}
        found = {name: counted[name] for name in ("credited", "refused", "duplicate")} | {"waiting": waiting}
        if sums != found or sum(sums.values()) != totals["rows"] or totals["rows"] != self.plan.rows:
            self._find(f"totals {sums} of {totals['rows']}, rows {found}")
        self._check_books(rows)

    def _check_books(self, rows: list[dict[str, Any]]) -> None:
        acts = [
            item
            for item in self.cloud.items("activities")
            if item.get("partner_id", item.get("partner")) == self.partner.id
        ]
        credited = {row["activity_id"] for row in rows if row["status"] == "credited"}
        if len(acts) != len(credited):
            self._find(f"{len(acts)} acts, {len(credited)} rows credited")
        waiting = [
            item
            for item in self.cloud.items("ingestion")
            if item["owner"] == f"waiting:{self.partner.id}-unbound"
        ]
        if len(waiting) != sum(row["status"] == "unbound" for row in rows):
            self._find(f"{len(waiting)} records wait")
        functions = emulator.client(self.cloud.endpoint, "lambda")
        if not (audit := seed.invoke(functions, "audit-ledger", {}, "the audit"))["sound"]:
            self._find(f"the ledger: {audit}")


def _member_key(member_id: str) -> dict[str, str]:
    return {"owner": f"member:{member_id}", "entry": "member"}


def upload(form: dict[str, Any], content: bytes) -> None:
    """Send the file as the form says."""
    answer = httpx.post(
        form["url"], data=form["fields"], files={"file": ("file", content)}, trust_env=False, timeout=120
    )
    if answer.status_code >= 300:
        raise AssertionError(answer.text)
