"""Erasure, first step: nobody signs in as this member any more."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.members import erasing
from puhui.members.repository import Members

MEMBERS = Members.from_environment()


@task("close_account")
def app(event: Input, _now: datetime) -> Input:
    erasing.close(event["member_id"], members=MEMBERS)
    return {}
