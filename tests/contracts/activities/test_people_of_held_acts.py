"""What is found out about a member while an act is held: friends, and what the platform says, asked once in some days."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from puhui.activities import stream
from puhui.activities.acts.model import Activity
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.settling import notices, people
from puhui.activities.settling.settle import PlatformSilent
from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.members.api import Members
from puhui.members.model import Member
from puhui.store.client import DynamoDB
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from puhui.wechat.api import RiskScene, WeChat, WeChatBusy, WeChatRefused
from tests.contracts.activities.conftest import SENT, Acts

SEALER = Sealer(b"k" * 32, b"p" * 32)
DAY = timedelta(days=1)


@dataclass
class Platform:
    """What the platform says, and what it was asked."""

    rank: int | DomainError = 0
    asked: list[tuple[str, RiskScene, str]] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def send_subscribe_message(self, openid: str, _template_id: str, data: dict[str, str]) -> None:
        self.sent.append((openid, data["phrase2"]))

    def user_risk_rank(self, openid: str, scene: RiskScene, client_ip: str) -> int:
        self.asked.append((openid, scene, client_ip))
        if isinstance(self.rank, DomainError):
            raise self.rank
        return self.rank


@pytest.fixture
def members(make_table: Callable[[str], str]) -> Members:
    return Members(DynamoDB(), make_table("members"), SEALER)


def somebody(members: Members, age_days: int) -> str:
    member_id = ids.new_id(SENT - age_days * DAY)
    sealed = SEALER.seal(f"openid-{member_id}", member_id, "openid")
    session = Session(members.dynamodb)
    members.add(session, Member(member_id, "", ("member",), SENT, sealed_openid=sealed), member_id)
    session.commit()
    return member_id


def with_friends(members: Members, *ages: int) -> str:
    member_id = somebody(members, 1)
    for age in ages:
        session = Session(members.dynamodb)
        members.friendships.add(session, member_id, somebody(members, age), SENT)
        session.commit()
    return member_id


def act_of(acts: Acts, member_id: str, address: str = "203.0.113.7") -> Activity:
    return replace(acts.of(member_id).record(quantity={"distance_m": 1_000}), address=address)


def found(acts: Acts, members: Members, activity: Activity, platform: Platform) -> dict[str, int]:
    wechat, records = cast(WeChat, cast(Any, platform)), acts.tables.activities.risk
    return dict(people.found_out(activity, wechat, known=members, records=records, now=SENT))


@pytest.mark.parametrize(
    ("ages", "expected"), [((), 0), ((1, 2), 2), ((0, 1, 6), 3), ((1, 2, 3, 7), 0), ((400, 400, 400), 0)]
)
def test_friends_count_where_all_of_them_are_new_accounts(
    acts: Acts, members: Members, ages: tuple[int, ...], expected: int
):
    activity = act_of(acts, with_friends(members, *ages))
    assert found(acts, members, activity, Platform()) == {"new_friends": expected, "risk_rank": 0}


def test_the_platform_is_asked_once_in_some_days(acts: Acts, members: Members):
    member_id, platform = somebody(members, 1), Platform(3)
    activity = act_of(acts, member_id)
    for _ in range(2):
        assert found(acts, members, activity, platform)["risk_rank"] == 3
    assert platform.asked == [(f"openid-{member_id}", RiskScene.MARKETING, "203.0.113.7")]


def test_a_busy_platform_is_asked_again_and_one_that_refuses_is_not_waited_for(acts: Acts, members: Members):
    activity = act_of(acts, somebody(members, 1))
    with pytest.raises(PlatformSilent):
        found(acts, members, activity, Platform(WeChatBusy()))
    assert "risk_rank" not in found(acts, members, activity, Platform(WeChatRefused()))
    assert found(acts, members, activity, Platform(2))["risk_rank"] == 2


def test_nobody_is_asked_about_who_left_or_from_where_is_not_known(acts: Acts, members: Members):
    platform = Platform(4)
    gone = act_of(acts, ids.new_id(SENT - DAY))
    assert found(acts, members, gone, platform) == {"new_friends": 0}
    unknown = act_of(acts, somebody(members, 1), address="")
    assert found(acts, members, unknown, platform) == {"new_friends": 0}
    assert platform.asked == []


def test_whose_act_was_voided_is_told_once_and_who_left_is_not(acts: Acts, members: Members):
    platform = Platform()

    def tell(activity: Activity) -> None:
        notices.tell(
            activity,
            "template",
            activities=acts.tables.activities,
            everybody=members,
            platform=lambda: cast(WeChat, cast(Any, platform)),
        )

    for member_id in (somebody(members, 1), ids.new_id(SENT - DAY)):
        voided = replace(
            act_of(acts, member_id), status="refused", reason_code="NOT_THE_ACT", voiding={"by": "o"}
        )
        for _ in range(2):
            stream.follow(ACTIVITY.item(voided), "", acts.tables.activities, SENT, cast(Any, tell))
    assert [said for _, said in platform.sent] == ["未通过"]
