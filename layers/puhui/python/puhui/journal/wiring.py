"""What functions build once, from environment variables."""

import base64
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from puhui.journal.dynamo import Journal
from puhui.journal.kms import KmsSigner
from puhui.journal.sequencer import Log
from puhui.journal.usecases import Reader
from puhui.kernel import clock
from puhui.store import secrets
from puhui.store.objects import Bucket
from puhui.tlog import policy
from puhui.tlog.errors import Malformed
from puhui.tlog.notes import ED25519, LocalSigner, Signer
from puhui.tlog.policy import Policy


def bucket() -> Bucket:
    """The bucket that JOURNAL_BUCKET names."""
    return Bucket(os.environ["JOURNAL_BUCKET"])


def policy_text() -> str:
    """The policy in JOURNAL_POLICY: one line there for each line here, joined by semicolons."""
    return "".join(f"{line.strip()}\n" for line in os.environ["JOURNAL_POLICY"].split(";") if line.strip())


@cache
def alliance() -> Policy:
    """The policy, read. Raises Malformed, also for a witness that cannot be asked where it is said to be."""
    found = policy.parse(policy_text())
    for witness in found.witnesses:
        if witness.url and not witness.url.startswith(("http://", "https://")):
            raise Malformed(f"{witness.url} is no address at which {witness.name} can be asked")
    return found


@cache
def pepper() -> bytes:
    """What names streams: the secret that JOURNAL_PEPPER names, {"pepper": base64}."""
    return base64.b64decode(secrets.read(os.environ["JOURNAL_PEPPER"])["pepper"])


def signer() -> Signer:
    """The log's key: the secret that JOURNAL_KEY names, {"seed": base64} or {"kms_key_id": ..., "public": base64}."""
    secret = secrets.read(os.environ["JOURNAL_KEY"])
    origin = os.environ["JOURNAL_ORIGIN"]
    if "kms_key_id" in secret:
        return KmsSigner(origin, secret["kms_key_id"], base64.b64decode(secret["public"]))
    return LocalSigner(origin, ED25519, base64.b64decode(secret["seed"]))


def lock_days() -> int:
    """How long full tiles and archived checkpoints are under Object Lock; 0 for not at all."""
    return int(os.environ.get("JOURNAL_LOCK_DAYS", "0"))


def log() -> Log:
    """The log, for its sequencer."""
    journal = Journal.from_environment()
    return Log(journal.origin, journal, bucket(), signer(), pepper(), lock_days=lock_days())


def lock_until(days: int) -> Callable[[str], datetime | None]:
    """Until when an object that is written now is locked."""
    return lambda _key: clock.now() + timedelta(days=days) if days else None


def reader(*, with_pepper: bool = False) -> Reader:
    """The journal, for its readers."""
    return Reader(Journal.from_environment(), bucket(), alliance(), pepper() if with_pepper else b"")
