"""Stream of the activities' table: start verifications, answer waiting tasks, join at the first act, tell how an appeal ended and that an
act was voided."""

import os
from datetime import datetime
from functools import cache

from puhui.activities.acts.model import Activity
from puhui.activities.appeals import notices as appeal_notices
from puhui.activities.appeals.model import Appeal
from puhui.activities.settling import notices
from puhui.activities.stream import follow
from puhui.activities.tables import Activities
from puhui.edge.stream import Change, stream
from puhui.members import api as members
from puhui.wechat import api as wechat

ACTIVITIES = Activities.from_environment()
MEMBERS = members.Members.from_environment()
WECHAT = cache(wechat.connect)
STATE_MACHINE = os.environ["VERIFICATION_STATE_MACHINE"]
TEMPLATE = os.environ["NOTICE_TEMPLATE_ID"]


@stream("follow_activities")
def app(change: Change, now: datetime) -> None:
    follow(change.new, STATE_MACHINE, ACTIVITIES, now, _tell)


def _tell(news: Appeal | Activity) -> None:
    if isinstance(news, Appeal):
        appeal_notices.tell(news, TEMPLATE, activities=ACTIVITIES, everybody=MEMBERS, platform=WECHAT)
    else:
        notices.tell(news, TEMPLATE, activities=ACTIVITIES, everybody=MEMBERS, platform=WECHAT)
