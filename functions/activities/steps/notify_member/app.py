"""Verification: notify the member by subscribe message, at most once; a member who takes no messages is no failure."""

import os
from datetime import datetime
from functools import cache

from puhui.activities import reading, verification
from puhui.activities.tables import Activities
from puhui.edge.task import Input, task
from puhui.members import api as members
from puhui.programmes import api as programmes
from puhui.wechat import api as wechat

ACTIVITIES = Activities.from_environment()
MEMBERS = members.Members.from_environment()
WECHAT = cache(wechat.connect)
TEMPLATE = os.environ["NOTICE_TEMPLATE_ID"]


@task("notify_member")
def app(event: Input, _now: datetime) -> Input:
    member_id, activity_id = event["member_id"], event["activity_id"]
    activity = reading.get_activity(member_id, activity_id, activities=ACTIVITIES)
    if not ACTIVITIES.acts.first_notice(member_id, activity_id):
        return {"notified": False}
    programme = programmes.programme(activity.programme_id)
    name = programmes.behaviour(programme, activity.behaviour).name["zh-CN"]
    openid = members.openid_of(member_id, members=MEMBERS)
    try:
        WECHAT().send_subscribe_message(openid, TEMPLATE, verification.notice(activity, name))
    except wechat.SubscriptionRefused:
        return {"notified": False}
    return {"notified": True}
