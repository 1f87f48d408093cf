"""Erasure: everything is gone."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.privacy.repository import Privacy

PRIVACY = Privacy.from_environment()


@task("finish_erasure")
def app(event: Input, now: datetime) -> Input:
    return {"status": PRIVACY.erasures.finish(event["member_id"], now).status}
