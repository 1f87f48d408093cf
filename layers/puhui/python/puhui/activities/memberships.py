"""Who takes part in which programme. Whoever never said so joins with the first act; who left is refused until joining
again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puhui.activities.dynamo import Activities, membership_from
from puhui.activities.errors import NotAMember
from puhui.activities.model import Membership
from puhui.programmes import api as programmes


def join(member_id: str, programme_id: str, *, activities: Activities, now: datetime) -> Membership:
    """Join a programme, or come back to it; who is in already stays. Raises ProgrammeNotFound."""
    programmes.programme(programme_id)
    return activities.join(member_id, programme_id, now)


def join_at_sign_in(member_id: str, programme_id: str, *, activities: Activities, now: datetime) -> None:
    """Join a programme by signing in to it: an app signs in again and again, so that this brings nobody back who
    left. One read; one write the first time."""
    if activities.dynamodb.get(*activities.membership_key(member_id, programme_id)) is None:
        activities.join_first(member_id, programme_id, now)


def leave(member_id: str, programme_id: str, *, activities: Activities, now: datetime) -> None:
    """Leave a programme: what was recorded stays the member's. Raises ProgrammeNotFound."""
    programmes.programme(programme_id)
    activities.leave(member_id, programme_id, now)


def require_member(item: Mapping[str, Any] | None, programme_id: str) -> bool:
    """Whether this is the member's first act here, by the membership's item. Raises NotAMember for one who left."""
    if item is not None and membership_from(item).left_at is not None:
        raise NotAMember(programme_id=programme_id)
    return item is None
