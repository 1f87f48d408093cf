"""Erasure: the time to take it back is over; unless it was taken back, it begins."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.privacy.repository import Privacy

PRIVACY = Privacy.from_environment()


@task("begin_erasure")
def app(event: Input, _now: datetime) -> Input:
    begun = PRIVACY.erasures.begin(event["member_id"], event["erasure_id"])
    return {"erase": begun is not None}
