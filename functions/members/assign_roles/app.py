"""For the operator, through IAM only: give a WeChat identity its roles; who is new becomes a member.

``since`` is for people who are brought over from an earlier app: since when they have been members. Acts count from then on.
"""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.kernel import clock
from puhui.members import usecases
from puhui.members.repository import Members

MEMBERS = Members.from_environment()


@task("assign_roles")
def app(event: Input, now: datetime) -> Input:
    since = min(now, clock.from_text(event["since"])) if "since" in event else now
    member = usecases.member_of(
        event["openid"], "", members=MEMBERS, now=since, nickname=event.get("nickname", "")
    )
    return MEMBERS.set_roles(member.id, tuple(event["roles"]), event.get("org", "")).body()
