"""That an officer voided an act, as a subscribe message."""

from collections.abc import Callable

from puhui.activities.acts.model import Activity
from puhui.activities.tables import Activities
from puhui.activities.verification import notice
from puhui.kernel.errors import NotFound
from puhui.members import api as members
from puhui.programmes import api as programmes
from puhui.wechat import api as wechat


def tell(
    activity: Activity,
    template: str,
    *,
    activities: Activities,
    everybody: members.Members,
    platform: Callable[[], wechat.WeChat],
) -> bool:
    """Tell the member, at most once; whether it was told. A member who takes no messages, or has left, is no failure: the act says it."""
    if not activities.acts.first_notice(activity.member_id, f"{activity.id}-voided"):
        return False
    name = programmes.behaviour_name(activity.programme_id, activity.behaviour)["zh-CN"]
    try:
        openid = members.openid_of(activity.member_id, members=everybody)
        platform().send_subscribe_message(openid, template, notice(activity, name))
    except (wechat.SubscriptionRefused, NotFound):
        return False
    return True
