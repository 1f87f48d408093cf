"""Erasure of a member: what is kept of the account itself."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.members.erasing import erase_member
from puhui.members.repository import Members

MEMBERS = Members.from_environment()


@task("erase_members")
def app(event: Input, now: datetime) -> Input:
    return dict(erase_member(event["member_id"], now, members=MEMBERS))
