"""What friends collect of an act that waits: points.

The reduction is the owner's and counted as the owner's, once; its credits go to the programme's pool with the friend's points, as
they would have with the owner's.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from puhui.activities.acts import credit
from puhui.activities.acts.model import CREDITED, EXPIRED, PENDING, Activity
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.claims.collecting import attempt_again, body_of, expire_claim, require_mature
from puhui.activities.claims.model import Share
from puhui.activities.claims.repository import SHARE
from puhui.activities.errors import ActivityNotFound, ClaimExpired, NothingToCollect, NotMature
from puhui.activities.memberships import require_member
from puhui.activities.tables import Tables
from puhui.kernel import clock, ids
from puhui.ledger.api import Hold, HoldNotFound, add_with_holds, hold_from, member
from puhui.programmes import api as programmes
from puhui.programmes.api import FriendsRule, Programme
from puhui.store.session import Session

LISTED_MAX = 90  # what one BatchGetItem takes, with the day's shares beside


def collect_share(friend_id: str, owner_id: str, activity_id: str, *, tables: Tables, now: datetime) -> Share:
    """Collect a part of a friend's act, in points: once a friend and act; asked again, what was collected.

    The caller has seen that the two are friends. Two reads and one transaction of 8 items (16 write units): the act,
    the share, the friend's day, the hold, the transfer in both statements, both balances. Raises ActivityNotFound,
    NotMature, ClaimExpired, NothingToCollect, NotAMember.
    """

    def build(session: Session) -> Share | None:
        before, item, hold_item = tables.activities.dynamodb.get_all(
            [
                tables.activities.shares.key(friend_id, activity_id),
                tables.activities.acts.key(owner_id, activity_id),
                tables.ledger.hold_key(member(owner_id), activity_id),
            ]
        )
        if before:
            return SHARE.read(before)
        if item is None:
            raise ActivityNotFound
        activity = ACTIVITY.read(item)
        seen = activity.as_of(now)
        programme = credit.programme_of(activity)
        rule = programme.claim.friends
        if rule is None or seen.status == CREDITED:
            raise NothingToCollect
        require_mature(seen, rule)
        if seen.status == EXPIRED:
            expire_claim(session, activity, tables, now)
            return None
        _require_open_to_friends(activity, rule, now)
        if hold_item is None:
            raise HoldNotFound
        sharing = _Sharing(activity, programme, rule, hold_from(hold_item))
        return _share(session, sharing, friend_id, tables, now)

    share = attempt_again(tables, build)
    if share is None:
        raise ClaimExpired
    return share


def share_body(share: Share) -> dict[str, Any]:
    """The collection of the contract: what a friend got. The reduction is the owner's."""
    return body_of(
        share.activity_id,
        share.programme_id,
        share.behaviour,
        0,
        share.points,
        share.mg,
        share.transfer_id,
    )


class Collectable(NamedTuple):
    """A friend's act of which something can be collected: nothing says when or how much its owner did."""

    activity: Activity
    points: int

    def body(self) -> dict[str, Any]:
        """The ``RipeActivity`` of the contract."""
        assert self.activity.collect_by is not None  # noqa: S101 only acts that wait are listed
        return {
            "id": self.activity.id,
            "owner_id": self.activity.member_id,
            "programme_id": self.activity.programme_id,
            "behaviour": self.activity.behaviour,
            "title": programmes.behaviour_name(self.activity.programme_id, self.activity.behaviour),
            "can_take_points": self.points,
            "collect_by": clock.to_text(self.activity.collect_by),
        }


def list_collectable(
    friend_id: str, owner_id: str, programme_id: str, *, tables: Tables, now: datetime
) -> list[Collectable]:
    """A friend's acts that wait in a programme, and what one may collect of each, soonest to expire first: a
    query and at most two batch reads.

    The caller has seen that the two are friends. Raises ProgrammeNotFound.
    """
    programme = programmes.programme(programme_id)
    claim, activities = programme.claim, tables.activities
    rule = claim.friends
    if rule is None or claim.matures_after is None or claim.collect_within is None:
        return []
    hours = claim.matures_after.as_hours + claim.collect_within.as_hours
    oldest = clock.programme_day(now - timedelta(hours=hours))
    days = activities.days.latest(owner_id, None, hours // 24 + 2)
    listed = [
        entry.activity_id
        for day in days
        if day.day >= oldest
        for entry in reversed(day.acts)
        if entry.programme_id == programme_id
    ][:LISTED_MAX]
    if not listed:
        return []
    today = clock.programme_day(now)
    day_item, *items = activities.dynamodb.get_all(
        [
            activities.shares.day_key(friend_id, programme_id, today),
            *(activities.acts.key(owner_id, activity_id) for activity_id in listed),
        ]
    )
    today_mg = activities.shares.read_day(friend_id, programme_id, today, day_item).mg
    waiting = [ACTIVITY.read(item) for item in items if item]
    found = [
        Collectable(each, shareable_mg(each, rule, _rate(programme), today_mg) // _rate(programme))
        for each in waiting
        if _open_to_friends(each, rule, now)
    ]
    return sorted(_not_shared(found, friend_id, tables), key=lambda each: str(each.activity.collect_by))


def _not_shared(found: list[Collectable], friend_id: str, tables: Tables) -> Iterator[Collectable]:
    """Those of which something is left and this friend has collected nothing yet: one more read where there are any."""
    left = [each for each in found if each.points]
    if not left:
        return
    keys = [tables.activities.shares.key(friend_id, each.activity.id) for each in left]
    for each, before in zip(left, tables.activities.dynamodb.get_all(keys), strict=True):
        if before is None:
            yield each


def shareable_mg(activity: Activity, rule: FriendsRule, mg_per_point: int, collected_today_mg: int) -> int:
    """What one friend may collect of an act, in mg that are whole points: the least of what the rule leaves. Pure."""
    whole = activity.credits_mg
    left = min(
        whole * rule.share_max_percent // 100,
        rule.per_act_max_mg,
        rule.per_day_max_mg - collected_today_mg,
        whole * (100 - rule.owner_keeps_min_percent) // 100 - activity.shared_mg,
    )
    return max(0, left) // mg_per_point * mg_per_point


class _Sharing(NamedTuple):
    activity: Activity
    programme: Programme
    rule: FriendsRule
    held: Hold


def _share(session: Session, sharing: _Sharing, friend_id: str, tables: Tables, now: datetime) -> Share:
    activity, programme, rule, held = sharing
    today = clock.programme_day(now)
    day_item, membership = tables.activities.dynamodb.get_all(
        [
            tables.activities.shares.day_key(friend_id, programme.id, today),
            tables.activities.memberships.key(friend_id, programme.id),
        ]
    )
    require_member(membership, programme.id)
    share_day = tables.activities.shares.read_day(friend_id, programme.id, today, day_item)
    mg = shareable_mg(activity, rule, _rate(programme), share_day.mg)
    if mg == 0:
        raise NothingToCollect
    transfer_id = ids.derived_id(now, activity.id, friend_id, "share")
    transfer, points = credit.sharing(
        programme,
        activity.member_id,
        friend_id,
        mg,
        activity.day,
        transfer_id,
        activity.id,
        now,
        points_only=activity.points_only,
    )
    share = Share(
        activity.id,
        activity.member_id,
        programme.id,
        activity.behaviour,
        mg,
        points,
        transfer_id,
        now,
        friend_id,
    )
    after = replace(activity, shared_mg=activity.shared_mg + mg)
    left = after.credits_mg - after.shared_mg
    rest = credit.issuing(programme, activity.member_id, left, activity.day, points_only=activity.points_only)
    tables.activities.shares.add(session, share, share_day)
    tables.activities.acts.change_claim(session, activity, after)
    add_with_holds(
        session, [transfer], {}, resized=[(held, replace(held, legs=rest))], ledger=tables.ledger, now=now
    )
    return share


def _open_to_friends(activity: Activity, rule: FriendsRule, now: datetime) -> bool:
    if activity.as_of(now).status != PENDING or activity.matured_at is None:
        return False
    return now >= activity.matured_at + timedelta(minutes=rule.grace_minutes)


def _require_open_to_friends(activity: Activity, rule: FriendsRule, now: datetime) -> None:
    if not _open_to_friends(activity, rule, now) and activity.matured_at:
        raise NotMature(at=clock.to_text(activity.matured_at + timedelta(minutes=rule.grace_minutes)))


def _rate(programme: Programme) -> int:
    """What a point is worth in mg; a programme whose friends collect has points."""
    if programme.points is None:
        raise ValueError(f"{programme.id} has no points for friends to collect")
    return programme.points.mg_per_point
