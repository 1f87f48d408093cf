"""Acts that mature and wait to be collected: by their owner, partly by friends, or by nobody.

While an act waits its credits are held in the ledger, as those of a verification are. Whoever comes writes the act on
the condition that nobody else has touched it since it was read, together with the ledger's part: so of any two that
come at once one is first, and the other sees what it left.

What a friend takes are points. The reduction is the owner's and counted as the owner's, once; its credits go to the
programme's pool with the friend's points, as they would have with the owner's.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from puhui.activities import credit
from puhui.activities.dynamo import activity_from, taking_from
from puhui.activities.errors import (
    ActivityNotFound,
    ClaimExpired,
    NothingToCollect,
    NotMature,
    StillVerifying,
)
from puhui.activities.memberships import require_member
from puhui.activities.model import (
    CREDITED,
    EXPIRED,
    MATURING,
    NOT_COLLECTED,
    PENDING,
    VERIFYING,
    Activity,
    Taking,
)
from puhui.activities.ports import Books
from puhui.kernel import clock, ids
from puhui.ledger.api import (
    Hold,
    HoldNotFound,
    HoldResolved,
    add_post,
    add_void,
    add_with_holds,
    balance_from,
    hold_from,
    member,
    of,
)
from puhui.programmes import api as programmes
from puhui.programmes.api import FriendsRule, Programme
from puhui.store.session import Moved, Session, attempt

Result = TypeVar("Result")
LAPSED_STATE = "expired"  # how the ledger calls a hold whose time is over
RIPE_ACTS_MAX = 90  # what one BatchGetItem takes, with the days of takings beside


def collect(member_id: str, activity_id: str, *, books: Books, now: datetime) -> Activity:
    """Collect an act of one's own: what friends left of it is credited. Once; asked again, the act as it stands.

    Two reads and one transaction of 4 items (8 write units). Raises ActivityNotFound, NotMature, ClaimExpired,
    NothingToCollect.
    """

    def build(session: Session) -> Activity:
        activity = _read(member_id, activity_id, books)
        seen = activity.as_of(now)
        if seen.status == CREDITED:
            return activity
        _require_ripe(seen)
        if seen.status == EXPIRED:
            return _lapse(session, activity, books, now)
        return _credit(session, activity, books, now)

    collected = _attempt(books, build)
    if collected.status == EXPIRED:
        raise ClaimExpired
    return collected


def lapse(member_id: str, activity_id: str, *, books: Books, now: datetime) -> Activity:
    """End an act whose time to be collected is over: its hold is voided. Once; an act that has ended otherwise, or
    whose time is not over, stays as it is. 3 items, 6 write units, and 1 for the index."""

    def build(session: Session) -> Activity:
        activity = _read(member_id, activity_id, books)
        if activity.status != MATURING or activity.as_of(now).status != EXPIRED:
            return activity
        return _lapse(session, activity, books, now)

    return _attempt(books, build)


def take(friend_id: str, owner_id: str, activity_id: str, *, books: Books, now: datetime) -> Taking:
    """Take a part of a friend's act, in points: once a friend and act; asked again, what was taken.

    The caller has seen that the two are friends. Two reads and one transaction of 8 items (16 write units): the act,
    the taking, the friend's day, the hold, the transfer in both statements, both balances. Raises ActivityNotFound,
    NotMature, ClaimExpired, NothingToCollect, NotAMember.
    """

    def build(session: Session) -> Taking | None:
        taken, item, hold_item = books.activities.dynamodb.get_all(
            [
                books.activities.taking_key(friend_id, activity_id),
                books.activities.activity_key(owner_id, activity_id),
                books.ledger.hold_key(member(owner_id), activity_id),
            ]
        )
        if taken:
            return taking_from(taken)
        if item is None:
            raise ActivityNotFound
        activity = activity_from(item)
        seen = activity.as_of(now)
        programme = credit.programme_of(activity)
        rule = programme.claim.friends
        if rule is None or seen.status == CREDITED:
            raise NothingToCollect
        _require_ripe(seen, rule)
        if seen.status == EXPIRED:
            _lapse(session, activity, books, now)
            return None
        _require_open_to_friends(activity, rule, now)
        if hold_item is None:
            raise HoldNotFound
        sharing = _Sharing(activity, programme, rule, hold_from(hold_item))
        return _take(session, sharing, friend_id, books, now)

    taking = _attempt(books, build)
    if taking is None:
        raise ClaimExpired
    return taking


def shown(activity: Activity) -> dict[str, Any]:
    """The collection of the contract: what the owner got."""
    return _collection(
        activity.id,
        activity.programme_id,
        activity.behaviour,
        0 if activity.points_only else activity.credits_mg,
        activity.points,
        activity.taken_mg,
        activity.entry_id,
    )


def shown_taking(taking: Taking) -> dict[str, Any]:
    """The collection of the contract: what a friend got. The reduction is the owner's."""
    return _collection(
        taking.activity_id,
        taking.programme_id,
        taking.behaviour,
        0,
        taking.points,
        taking.mg,
        taking.transfer_id,
    )


def _collection(
    activity_id: str,
    programme_id: str,
    behaviour: str,
    credits_mg: int,
    points: int,
    taken_mg: int,
    entry_id: str,
) -> dict[str, Any]:
    return {
        "id": activity_id,
        "programme_id": programme_id,
        "behaviour": behaviour,
        "title": programmes.behaviour_name(programme_id, behaviour),
        "status": CREDITED,
        "credits_mg": credits_mg,
        "points": points,
        "taken_mg": taken_mg,
        "entry_id": entry_id,
    }


class Ripe(NamedTuple):
    """A friend's act of which something can be taken: nothing tells when or how much its owner did."""

    activity: Activity
    points: int

    def shown(self) -> dict[str, Any]:
        """The ripe act of the contract."""
        assert self.activity.collect_by is not None  # noqa: S101 only acts that wait are ripe
        return {
            "id": self.activity.id,
            "owner_id": self.activity.member_id,
            "programme_id": self.activity.programme_id,
            "behaviour": self.activity.behaviour,
            "title": programmes.behaviour_name(self.activity.programme_id, self.activity.behaviour),
            "can_take_points": self.points,
            "collect_by": clock.to_text(self.activity.collect_by),
        }


def ripe_acts(friend_id: str, owner_id: str, programme_id: str, *, books: Books, now: datetime) -> list[Ripe]:
    """A friend's acts that wait in a programme, and what one may take of each, soonest to lapse first: a
    query and at most two batch reads.

    The caller has seen that the two are friends. Raises ProgrammeNotFound.
    """
    programme = programmes.programme(programme_id)
    claim, activities = programme.claim, books.activities
    rule = claim.friends
    if rule is None or claim.matures_after is None or claim.collect_within is None:
        return []
    hours = claim.matures_after.as_hours + claim.collect_within.as_hours
    oldest = clock.programme_day(now - timedelta(hours=hours))
    days = activities.days(owner_id, None, hours // 24 + 2)
    listed = [
        entry.activity_id
        for day in days
        if day.day >= oldest
        for entry in reversed(day.acts)
        if entry.programme_id == programme_id
    ][:RIPE_ACTS_MAX]
    if not listed:
        return []
    today = clock.programme_day(now)
    day_item, *items = activities.dynamodb.get_all(
        [
            activities.taking_day_key(friend_id, programme_id, today),
            *(activities.activity_key(owner_id, activity_id) for activity_id in listed),
        ]
    )
    taken_today = (day_item or {}).get("mg", 0)
    waiting = [activity_from(item) for item in items if item]
    found = [
        Ripe(each, takeable_mg(each, rule, _rate(programme), taken_today) // _rate(programme))
        for each in waiting
        if _open_to_friends(each, rule, now)
    ]
    return sorted(_not_taken(found, friend_id, books), key=lambda ripe: str(ripe.activity.collect_by))


def _not_taken(found: list[Ripe], friend_id: str, books: Books) -> Iterator[Ripe]:
    """Those of which something is left and this friend has taken nothing yet: one more read where there are any."""
    left = [ripe for ripe in found if ripe.points]
    if not left:
        return
    keys = [books.activities.taking_key(friend_id, ripe.activity.id) for ripe in left]
    for ripe, taken in zip(left, books.activities.dynamodb.get_all(keys), strict=True):
        if taken is None:
            yield ripe


def takeable_mg(activity: Activity, rule: FriendsRule, mg_per_point: int, taken_today_mg: int) -> int:
    """What one friend may take of an act, in mg that are whole points: the least of what the rule leaves. Pure."""
    whole = activity.credits_mg
    left = min(
        whole * rule.share_max_percent // 100,
        rule.per_act_max_mg,
        rule.per_day_max_mg - taken_today_mg,
        whole * (100 - rule.owner_keeps_min_percent) // 100 - activity.taken_mg,
    )
    return max(0, left) // mg_per_point * mg_per_point


class _Sharing(NamedTuple):
    activity: Activity
    programme: Programme
    rule: FriendsRule
    held: Hold


def _take(session: Session, sharing: _Sharing, friend_id: str, books: Books, now: datetime) -> Taking:
    activity, programme, rule, held = sharing
    today = clock.programme_day(now)
    day_item, membership = books.activities.dynamodb.get_all(
        [
            books.activities.taking_day_key(friend_id, programme.id, today),
            books.activities.membership_key(friend_id, programme.id),
        ]
    )
    require_member(membership, programme.id)
    mg = takeable_mg(activity, rule, _rate(programme), (day_item or {}).get("mg", 0))
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
    taking = Taking(
        activity.id, activity.member_id, programme.id, activity.behaviour, mg, points, transfer_id, now
    )
    after = replace(activity, taken_mg=activity.taken_mg + mg)
    left = after.credits_mg - after.taken_mg
    rest = credit.issuing(programme, activity.member_id, left, activity.day, points_only=activity.points_only)
    books.activities.add_taking(session, friend_id, taking, today, day_item or {})
    books.activities.change_claim(session, activity, after)
    add_with_holds(
        session, [transfer], {}, resized=[(held, replace(held, legs=rest))], ledger=books.ledger, now=now
    )
    return taking


def _credit(session: Session, activity: Activity, books: Books, now: datetime) -> Activity:
    programme, owner = credit.programme_of(activity), member(activity.member_id)
    hold_item, balance_item = books.ledger.dynamodb.get_all(
        [books.ledger.hold_key(owner, activity.id), books.ledger.balance_key(owner, programme.id)]
    )
    if hold_item is None:
        raise HoldNotFound
    held, balance = hold_from(hold_item), balance_from(owner, programme.id, balance_item)
    rest = activity.credits_mg - activity.taken_mg
    weak = activity.points_only
    if held.legs != credit.issuing(programme, activity.member_id, rest, activity.day, points_only=weak):
        raise Moved  # a friend came between the two reads
    legs, points = credit.converting(
        programme, activity.member_id, rest, activity.day, balance, points_only=weak
    )
    transfer = add_post(
        session,
        held,
        credit.KIND,
        legs,
        ledger=books.ledger,
        now=now,
        balances=of([balance]),
    )
    collected = replace(activity, status=CREDITED, points=points, entry_id=transfer.id)
    books.activities.change_claim(session, activity, collected)
    return collected


def _lapse(session: Session, activity: Activity, books: Books, now: datetime) -> Activity:
    if activity.status != MATURING:
        return activity
    held = books.ledger.hold(member(activity.member_id), activity.id)
    if held is None:
        raise HoldNotFound
    lapsed = activity.lapsed()
    books.activities.change_claim(session, activity, lapsed)
    add_void(session, held, ledger=books.ledger, now=now, state=LAPSED_STATE)
    return lapsed


def _require_ripe(seen: Activity, rule: FriendsRule | None = None) -> None:
    """Raise what stands in the way of collecting an act as it is to be seen now; one that expired may be passed on."""
    if seen.status == VERIFYING:
        raise StillVerifying(at="")
    if seen.status == MATURING and seen.matured_at:
        wait = timedelta(minutes=rule.grace_minutes if rule else 0)
        raise NotMature(at=clock.to_text(seen.matured_at + wait))
    if seen.status not in (CREDITED, PENDING) and seen.reason_code != NOT_COLLECTED:
        raise NothingToCollect


def _read(member_id: str, activity_id: str, books: Books) -> Activity:
    activity = books.activities.activity(member_id, activity_id)
    if activity is None:
        raise ActivityNotFound
    return activity


def _attempt(books: Books, build: Callable[[Session], Result]) -> Result:
    """``attempt``; a hold that somebody else has ended says that the act has ended as well, and is read again."""
    try:
        return attempt(books.ledger.dynamodb, build)
    except HoldResolved:
        return attempt(books.ledger.dynamodb, build)


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
        raise ValueError(f"{programme.id} has no points for friends to take")
    return programme.points.mg_per_point
