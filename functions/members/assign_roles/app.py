"""For the operator, through IAM only: give a WeChat identity its roles; who is new becomes a member."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.members import usecases
from puhui.members.dynamo import Members

MEMBERS = Members.from_environment()


@task("assign_roles")
def app(event: Input, now: datetime) -> Input:
    member = usecases.member_of(
        event["openid"], "", members=MEMBERS, now=now, nickname=event.get("nickname", "")
    )
    return MEMBERS.set_roles(member.id, tuple(event["roles"]), event.get("org", "")).shown()
