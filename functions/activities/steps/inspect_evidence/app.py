"""Verification: is the file there, the announced picture, and new? The copy that was inspected is kept."""

from datetime import datetime

from puhui.activities.evidence import usecases
from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.evidence.fingerprints import Fingerprints
from puhui.activities.tables import Activities
from puhui.edge.task import Input, task

ACTIVITIES = Activities.from_environment()
FINGERPRINTS = Fingerprints.from_environment()
STORE = EvidenceBucket.from_environment()


@task("inspect_evidence")
def app(event: Input, now: datetime) -> Input:
    return usecases.inspect_evidence(
        event["member_id"],
        event["evidence_id"],
        repository=ACTIVITIES.evidence,
        fingerprints=FINGERPRINTS,
        store=STORE,
        now=now,
    )
