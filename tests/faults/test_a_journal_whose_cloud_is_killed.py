"""Head, tiles, checkpoint and witnesses of the journal agree after any kill of the emulator, so that it always goes on."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from infra.local.emulator import ADMIN, Emulator
from infra.local.settings import REGION
from puhui.journal.dynamo import Journal
from puhui.journal.sequencer import Log
from puhui.kernel import ids
from puhui.ledger.dynamo import Ledger
from puhui.ledger.model import Transfer, member
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.objects import Bucket
from tests.contracts.journal.conftest import NOW, ORIGIN, PEPPER, Alliance
from tests.support.tables import table_definition

LIVES = 4


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator of this test alone, to which this process's calls go."""
    (tmp_path / "tmp").mkdir()
    running = Emulator(tmp_path, tmp_path / "log")
    running.start()
    for name, value in (
        ("AWS_ENDPOINT_URL", running.endpoint),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ADMIN),
        ("AWS_SECRET_ACCESS_KEY", ADMIN),
    ):
        monkeypatch.setenv(name, value)
    yield running
    aws._drop(running.endpoint)
    running.stop(keep=False)


@pytest.fixture
def alliance(own: Emulator) -> Alliance:
    for name in ("journal", "ledger"):
        own.client("dynamodb").create_table(TableName=f"kill-{name}", **table_definition(name))
    storage = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    storage.create_bucket(Bucket="kill-journal", ObjectLockEnabledForBucket=True)
    own.save()
    journal = Journal(DynamoDB(), "kill-journal", ORIGIN)
    return Alliance(journal, Bucket("kill-journal"), Ledger(DynamoDB(), "kill-ledger"))


def keep_on(alliance: Alliance, account: str, acknowledged: list[Transfer]) -> None:
    """Post, sequence and publish until the cloud is gone."""
    with contextlib.suppress(Exception):  # whatever a caller meets when it is
        while True:
            posted = alliance.transfers(account, 3)
            acknowledged += posted
            alliance.follow(*posted)
            alliance.publish()


def standing(alliance: Alliance, account: str) -> list[Transfer]:
    """All transfers that the ledger holds."""
    found: list[Transfer] = []
    start: str | None = None
    while True:
        page = alliance.ledger.transfers(account, 100, start, forward=True)
        found += page.items
        if (start := page.cursor) is None:
            return found


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2])
def test_after_each_kill_the_witnesses_cosign_what_stands(
    own: Emulator, alliance: Alliance, seed: int
) -> None:
    chance, account = random.Random(seed), member(ids.new_id(NOW))
    acknowledged: list[Transfer] = []
    for _ in range(LIVES):
        worker = threading.Thread(target=keep_on, args=(alliance, account, acknowledged), daemon=True)
        worker.start()
        time.sleep(chance.uniform(0.3, 2))
        own.stop(keep=False)
        worker.join(60)
        own.start()
        aws._drop(own.endpoint)
        alliance.log = Log(
            ORIGIN, alliance.journal, alliance.bucket, alliance.log.signer, PEPPER, lock_days=1
        )  # a sequencer that begins anew
        stands = standing(alliance, account)
        assert {each.id for each in acknowledged} <= {each.id for each in stands}
        alliance.follow(*stands)  # what the stream brings again: also what was kept and not yet acknowledged
        head, _, _ = alliance.journal.head()
        assert alliance.publish().size == head.size == len(stands)
    assert acknowledged
    assert alliance.audit().sound
