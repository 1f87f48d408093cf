"""Acts that mature and wait: collected by their owner, or by nobody until they expire.

While an act waits its credits are held in the ledger, as those of a verification are. Whoever comes writes the act on
the condition that nobody else has changed it since it was read, together with the ledger's part: so of any two that
come at once one is first, and the other sees what is left. The states are in ``acts/model.py``.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from puhui.activities.acts import credit
from puhui.activities.acts.model import (
    CREDITED,
    EXPIRED,
    HELD,
    MATURING,
    NOT_COLLECTED,
    PENDING,
    VERIFYING,
    Activity,
)
from puhui.activities.errors import (
    ActivityNotFound,
    ClaimExpired,
    NothingToCollect,
    NotMature,
    StillVerifying,
)
from puhui.activities.tables import Tables
from puhui.kernel import clock
from puhui.ledger.api import (
    HoldNotFound,
    HoldResolved,
    add_post,
    add_void,
    balance_from,
    hold_from,
    member,
    of,
)
from puhui.programmes import api as programmes
from puhui.programmes.api import FriendsRule
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.session import Session, attempt

Result = TypeVar("Result")
EXPIRED_HOLD = "expired"  # how the ledger calls a hold whose time is over


def collect(member_id: str, activity_id: str, *, tables: Tables, now: datetime) -> Activity:
    """Collect an act of one's own: what friends left of it is credited. Once; asked again, the act as it is.

    Two reads and one transaction of 4 items (8 write units). Raises ActivityNotFound, NotMature, ClaimExpired,
    NothingToCollect.
    """

    def build(session: Session) -> Activity:
        activity = _read(member_id, activity_id, tables)
        seen = activity.as_of(now)
        if seen.status == CREDITED:
            return activity
        require_mature(seen)
        if seen.status == EXPIRED:
            return expire_claim(session, activity, tables, now)
        return _credit(session, activity, tables, now)

    collected = attempt_again(tables, build)
    if collected.status == EXPIRED:
        raise ClaimExpired
    return collected


def expire(member_id: str, activity_id: str, *, tables: Tables, now: datetime) -> Activity:
    """End an act whose time to be collected is over: its hold is voided. Once; an act that has ended otherwise, or
    whose time is not over, is left as it is. 3 items, 6 write units, and 1 for the index."""

    def build(session: Session) -> Activity:
        activity = _read(member_id, activity_id, tables)
        if activity.status != MATURING or activity.as_of(now).status != EXPIRED:
            return activity
        return expire_claim(session, activity, tables, now)

    return attempt_again(tables, build)


def collection_body(activity: Activity) -> dict[str, Any]:
    """The collection of the contract: what the owner got."""
    return body_of(
        activity.id,
        activity.programme_id,
        activity.behaviour,
        0 if activity.points_only else activity.credits_mg,
        activity.points,
        activity.shared_mg,
        activity.entry_id,
    )


def body_of(
    activity_id: str,
    programme_id: str,
    behaviour: str,
    credits_mg: int,
    points: int,
    taken_mg: int,
    entry_id: str,
) -> dict[str, Any]:
    """The collection of the contract."""
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


def _credit(session: Session, activity: Activity, tables: Tables, now: datetime) -> Activity:
    programme, owner = credit.programme_of(activity), member(activity.member_id)
    hold_item, balance_item = tables.ledger.dynamodb.get_all(
        [tables.ledger.hold_key(owner, activity.id), tables.ledger.balance_key(owner, programme.id)]
    )
    if hold_item is None:
        raise HoldNotFound
    held, balance = hold_from(hold_item), balance_from(owner, programme.id, balance_item)
    rest = activity.credits_mg - activity.shared_mg
    weak = activity.points_only
    if held.legs != credit.issuing(programme, activity.member_id, rest, activity.day, points_only=weak):
        raise OptimisticLockFailed  # a friend came between the two reads
    legs, points = credit.converting(
        programme, activity.member_id, rest, activity.day, balance, points_only=weak
    )
    transfer = add_post(
        session,
        held,
        credit.KIND,
        legs,
        ledger=tables.ledger,
        now=now,
        balances=of([balance]),
    )
    collected = replace(activity, status=CREDITED, points=points, entry_id=transfer.id)
    tables.activities.acts.change_claim(session, activity, collected)
    return collected


def expire_claim(session: Session, activity: Activity, tables: Tables, now: datetime) -> Activity:
    """Void the hold of an act that nobody collected; one that has ended otherwise is left as it is."""
    if activity.status != MATURING:
        return activity
    held = tables.ledger.hold(member(activity.member_id), activity.id)
    if held is None:
        raise HoldNotFound
    expired = activity.expired()
    tables.activities.acts.change_claim(session, activity, expired)
    add_void(session, held, ledger=tables.ledger, now=now, state=EXPIRED_HOLD)
    return expired


def require_mature(seen: Activity, rule: FriendsRule | None = None) -> None:
    """Raise what prevents collecting an act as members see it now; one that expired may be passed on."""
    if seen.status == VERIFYING:
        raise StillVerifying(at="")
    if seen.status == HELD and seen.settles_at:
        raise NotMature(at=clock.to_text(seen.settles_at))
    if seen.status == MATURING and seen.matured_at:
        wait = timedelta(minutes=rule.grace_minutes if rule else 0)
        raise NotMature(at=clock.to_text(seen.matured_at + wait))
    if seen.status not in (CREDITED, PENDING) and seen.reason_code != NOT_COLLECTED:
        raise NothingToCollect


def _read(member_id: str, activity_id: str, tables: Tables) -> Activity:
    activity = tables.activities.acts.find(member_id, activity_id)
    if activity is None:
        raise ActivityNotFound
    return activity


def attempt_again(tables: Tables, build: Callable[[Session], Result]) -> Result:
    """``attempt``; a hold that somebody else has ended says that the act has ended as well, and is read again."""
    try:
        return attempt(tables.ledger.dynamodb, build)
    except HoldResolved:
        return attempt(tables.ledger.dynamodb, build)
