"""How an appeal ended, as a subscribe message."""

from collections.abc import Callable

from puhui.activities.appeals.model import ACCEPTED, LAPSED, REJECTED, Appeal
from puhui.activities.tables import Activities
from puhui.kernel import clock
from puhui.members import api as members
from puhui.programmes import api as programmes
from puhui.wechat import api as wechat

_RESULTS = {ACCEPTED: "申诉通过", REJECTED: "维持原判", LAPSED: "未获处理"}
_REMARKS = {
    ACCEPTED: "已补计，请在记录中查看",
    REJECTED: "请在记录中查看原因",
    LAPSED: "可在记录中再申诉一次",
}


def tell(
    appeal: Appeal,
    template: str,
    *,
    activities: Activities,
    everybody: members.Members,
    platform: Callable[[], wechat.WeChat],
) -> bool:
    """Tell the member, at most once for each time that the appeal was made; whether it was told. A member who takes no messages is no
    failure: the act says it, too."""
    if not activities.acts.first_notice(appeal.member_id, f"{appeal.id}-{appeal.rounds}"):
        return False
    openid = members.openid_of(appeal.member_id, members=everybody)
    try:
        platform().send_subscribe_message(openid, template, notice(appeal))
    except wechat.SubscriptionRefused:
        return False
    return True


def notice(appeal: Appeal) -> dict[str, str]:
    """The fields of the subscribe message: name, result, time, remark; a thing has at most 20 characters, a phrase 5."""
    name = programmes.behaviour_name(appeal.programme_id, appeal.behaviour)["zh-CN"]
    return {
        "thing1": name[:20],
        "phrase2": _RESULTS[appeal.state],
        "time3": (appeal.decided_at or appeal.decide_by).astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M"),
        "thing4": _REMARKS[appeal.state],
    }
