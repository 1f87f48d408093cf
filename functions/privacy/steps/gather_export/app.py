"""Export: go on putting the file together, until it is done or this run's time is up."""

import time
from datetime import datetime
from functools import cache

from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.tables import Activities
from puhui.edge.task import Input, task
from puhui.journal import wiring
from puhui.journal.exporting import Remembered
from puhui.journal.usecases import Reader
from puhui.ledger.api import Ledger
from puhui.members.repository import Members
from puhui.privacy.exports.bucket import ExportBucket
from puhui.privacy.exports.contents import Sources, sections
from puhui.privacy.exports.gathering import gather
from puhui.privacy.exports.model import GATHERING
from puhui.privacy.repository import Privacy

PRIVACY, BUCKET = Privacy.from_environment(), ExportBucket.from_environment()
MEMBERS, ACTIVITIES, LEDGER = (
    Members.from_environment(),
    Activities.from_environment(),
    Ledger.from_environment(),
)
PICTURES = EvidenceBucket.from_environment()
PEPPER = cache(wiring.pepper)
SECONDS_MAX = 600  # of the function's 900; a single file that takes longer than the rest is the exception


@task("gather_export")
def app(event: Input, now: datetime) -> Input:
    until = time.monotonic() + SECONDS_MAX
    export = PRIVACY.exports.find(event["member_id"], event["export_id"])
    if export.status != GATHERING:
        return {"done": True, "size": export.size, "manifest_sha256": export.manifest_sha256}
    reader = Reader(wiring.reader().journal, Remembered(wiring.bucket()), wiring.alliance(), PEPPER())
    sources = Sources(MEMBERS, ACTIVITIES, LEDGER, reader, PICTURES, now)
    progress = gather(
        export,
        sections(export.member_id, sources),
        files=BUCKET,
        now=now,
        is_late=lambda: time.monotonic() > until,
    )
    return {
        "done": progress.done,
        "size": progress.size,
        "manifest_sha256": progress.manifest_sha256,
    }
