"""Every fifteen minutes: exports and erasures that stopped go on; files that are over are removed."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.privacy import looking_after, machines
from puhui.privacy.exports.bucket import ExportBucket
from puhui.privacy.repository import Privacy

PRIVACY, BUCKET = Privacy.from_environment(), ExportBucket.from_environment()


@task("look_after_privacy")
def app(_event: Input, now: datetime) -> Input:
    done = looking_after.look_after(PRIVACY, BUCKET, machines.start_export, machines.start_erasure, now)
    if done[looking_after.FAILED]:
        raise RuntimeError(f"exports or erasures could not be looked after: {dict(done)}")
    return dict(done)
