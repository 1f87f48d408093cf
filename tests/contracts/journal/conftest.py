"""The journal on real tables and a real bucket of the emulator."""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from puhui.journal import publication
from puhui.journal.audit import Report, audit
from puhui.journal.dynamo import Journal
from puhui.journal.intake import read
from puhui.journal.model import Event
from puhui.journal.sequencer import Log, Sequenced, sequence
from puhui.journal.usecases import Reader
from puhui.kernel import clock, ids
from puhui.ledger.dynamo import Ledger, transfer_item
from puhui.ledger.model import Leg, Transfer, credits, member
from puhui.store.client import DynamoDB
from puhui.store.objects import Bucket
from puhui.store.session import Session
from puhui.tlog import policy
from puhui.tlog.notes import ED25519, LocalSigner
from tests.faults.simulation import Witness

ORIGIN = "journal.test/2026"
PEPPER = b"p" * 32
NOW = clock.from_text("2026-11-21T12:00:00+08:00")


@pytest.fixture
def bucket(dynamodb_endpoint: str) -> Bucket:
    """An empty bucket with Object Lock."""
    name = f"journal-{uuid.uuid4().hex[:12]}"
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    where = {"LocationConstraint": "cn-north-1"}
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True, CreateBucketConfiguration=where)
    return Bucket(name)


@dataclass
class Alliance:
    """A journal of its own, with a ledger and three witnesses; ``posts`` counts what witnesses were asked."""

    journal: Journal
    bucket: Bucket
    ledger: Ledger
    log: Log = field(init=False)
    witnesses: dict[str, Witness] = field(init=False)
    down: set[str] = field(default_factory=set)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        signer = LocalSigner(ORIGIN, ED25519, b"k" * 32)
        self.log = Log(ORIGIN, self.journal, self.bucket, signer, PEPPER, sleep=lambda _: None, lock_days=1)
        self.witnesses = {name: Witness(name, signer.key, ORIGIN) for name in ("ent", "gov", "ngo")}
        lines = [f"log {signer.key}"]
        lines += [f"witness {name} {each.signer.key} http://{name}" for name, each in self.witnesses.items()]
        self.policy_text = "\n".join([*lines, "group alliance all ent gov ngo", "quorum alliance", ""])
        self.policy = policy.parse(self.policy_text)
        self.reader = Reader(self.journal, self.bucket, self.policy, PEPPER)

    def sequence(self, *events: Event) -> Sequenced:
        """Put events into the log."""
        return sequence(events, log=self.log)

    def publish(self) -> publication.Published:
        """Ask the witnesses and publish."""

        def post(url: str, body: bytes) -> tuple[int, bytes]:
            name = url.removeprefix("http://").partition("/")[0]
            if name in self.down:
                raise TimeoutError
            return self.witnesses[name].add(body)

        return publication.publish(
            self.policy,
            self.policy_text,
            table=self.journal,
            objects=self.bucket,
            lock_until=self.log.lock_until,
            post=post,
        )

    def transfer(self, account: str, mg: int = 1000, minutes: int = 60) -> Transfer:
        """A credited act of some minutes ago, posted to the ledger."""
        return self.transfers(account, 1, mg, minutes)[0]

    def transfers(self, account: str, count: int, mg: int = 1000, minutes: int = 60) -> list[Transfer]:
        """Some credited acts, posted at once."""
        at = NOW - timedelta(minutes=minutes)
        asset = credits("carbon-88", 2026)
        legs = (Leg("issuance:carbon-88", asset, -mg), Leg(account, asset, mg))
        names = [ids.derived_id(at, account, str(next(self._numbers))) for _ in range(count)]
        made = [Transfer(name, "credit", at, legs, "an-act") for name in names]
        session = Session(self.ledger.dynamodb)
        self.ledger.add(session, made, {}, clock.programme_day(NOW))
        session.commit()
        return made

    def follow(self, *posted: Transfer) -> Sequenced:
        """What the ledger's stream does: hand the transfers' items to the sequencer."""
        places = [(t.owners[0], t.id) for t in posted]
        found = [
            each for n in range(0, len(places), 100) for each in self.ledger.transfers_at(places[n : n + 100])
        ]
        items = [transfer_item(t.owners[0], t, t.legs) for t in found if t]
        events, poison = read([("ledger", item, NOW) for item in items])
        assert not poison
        return self.sequence(*events)

    def audit(self) -> Report:
        """The report of the audit."""
        every = ((each, t) for each in self.ledger.every_account() for t in self.ledger.statement(each))
        return audit(self.reader, every, self.ledger.transfers_at, NOW)


@pytest.fixture
def alliance(engine: str, make_table: Callable[[str], str], bucket: Bucket) -> Alliance:
    """A journal, a ledger, three witnesses."""
    journal = Journal(DynamoDB(), make_table("journal"), ORIGIN)
    return Alliance(journal, bucket, Ledger(DynamoDB(), make_table("ledger")))


@pytest.fixture
def ming() -> str:
    """A member's account."""
    return member(ids.new_id(NOW))
