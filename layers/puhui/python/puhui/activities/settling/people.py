"""What is found out about a member while an act is held: never in a request, and never more than once in some days."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from puhui.activities.acts.model import Activity
from puhui.activities.risk.records import RiskRecords
from puhui.activities.settling.settle import PlatformSilent
from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.members import api as members
from puhui.wechat.api import RiskScene, WeChat, WeChatBusy

NEW_ACCOUNT = timedelta(days=7)
FRIENDS_READ = 50


def found_out(
    activity: Activity, wechat: WeChat, *, known: members.Members, records: RiskRecords, now: datetime
) -> Mapping[str, int]:
    """The numbers of rules about people. Raises PlatformSilent."""
    numbers = {"new_friends": new_friends(activity.member_id, now, known)}
    rank = records.rank_of(activity.member_id)
    if rank is None and activity.address:
        rank = _ask(activity, wechat, known)
        if rank is not None:
            records.put_rank(activity.member_id, rank, now)
    return numbers if rank is None else {**numbers, "risk_rank": rank}


def new_friends(member_id: str, now: datetime, known: members.Members) -> int:
    """How many friends the member has, where all of them are new accounts; none where one is not."""
    friends = members.friend_ids(member_id, FRIENDS_READ, members=known)
    new = [each for each in friends if now - ids.time_of(each) < NEW_ACCOUNT]
    return len(new) if len(new) == len(friends) else 0


def _ask(activity: Activity, wechat: WeChat, known: members.Members) -> int | None:
    try:
        openid = members.openid_of(activity.member_id, members=known)
        return wechat.user_risk_rank(openid, RiskScene.MARKETING, activity.address)
    except WeChatBusy:
        raise PlatformSilent from None
    except DomainError:
        return (
            None  # the member has left, or the platform refuses to say, which the client has put into the log
        )
