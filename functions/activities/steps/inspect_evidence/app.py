"""Verification: is the file there, the announced picture, and new? What was looked at is kept."""

from datetime import datetime

from puhui.activities import verification
from puhui.activities.dynamo import Activities
from puhui.activities.evidence import EvidenceBucket
from puhui.activities.photos import Photos
from puhui.edge.task import Input, task

ACTIVITIES = Activities.from_environment()
PHOTOS = Photos.from_environment()
STORE = EvidenceBucket.from_environment()


@task("inspect_evidence")
def app(event: Input, now: datetime) -> Input:
    return verification.inspect_evidence(
        event["member_id"],
        event["evidence_id"],
        activities=ACTIVITIES,
        photos=PHOTOS,
        store=STORE,
        now=now,
    )
