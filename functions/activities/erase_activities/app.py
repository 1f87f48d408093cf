"""Erasure of a member: acts, pictures, prints, reviews, household."""

import os
from datetime import datetime

from puhui.activities.erasing import Outside, erase_member
from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.tables import Tables
from puhui.edge.task import Input, task
from puhui.store import states

TABLES, BUCKET = Tables.from_environment(), EvidenceBucket.from_environment()
STATE_MACHINE = os.environ["VERIFICATION_STATE_MACHINE"]


@task("erase_activities")
def app(event: Input, now: datetime) -> Input:
    outside = Outside(BUCKET.delete_all, lambda name: states.stop(STATE_MACHINE, name))
    return dict(erase_member(event["member_id"], now, tables=TABLES, outside=outside))
