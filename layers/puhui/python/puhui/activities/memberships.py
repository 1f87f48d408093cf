"""Who takes part in which programme. Whoever never said so joins with the first act; who left is refused until joining
again. The version of the terms that held stands with each membership, and whether its member said so: what takes a member's
word (``pooling``) never follows from a first act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puhui.activities.dynamo import Activities, membership_from
from puhui.activities.errors import NotAMember
from puhui.activities.model import SIGNED_IN, Membership
from puhui.programmes import api as programmes


def join(
    member_id: str,
    programme_id: str,
    *,
    read_terms: str | None = None,
    activities: Activities,
    now: datetime,
) -> Membership:
    """Join a programme, or come back to it; who is in already stays, and accepts the terms as they are now. ``read_terms``: the
    version that was shown. Raises ProgrammeNotFound, ProgrammeClosed, TermsChanged."""
    programme = programmes.programme(programme_id)
    programme.require_open(now)
    if read_terms is not None and read_terms != programme.terms.version:
        raise programmes.TermsChanged(version=programme.terms.version)
    return activities.join(member_id, programme_id, programme.terms.version, now)


def join_at_sign_in(member_id: str, programme_id: str, *, activities: Activities, now: datetime) -> None:
    """Join a programme by signing in to it: an app signs in again and again, so that this brings nobody back who
    left, and nobody into a programme that has ended. One read; one write the first time."""
    programme = programmes.programme(programme_id)
    if programme.closes_at is not None and now >= programme.closes_at:
        return
    if activities.dynamodb.get(*activities.membership_key(member_id, programme_id)) is None:
        activities.join_first(member_id, programme_id, programme.terms.version, SIGNED_IN, now)


def leave(member_id: str, programme_id: str, *, activities: Activities, now: datetime) -> None:
    """Leave a programme: what was recorded stays the member's. Raises ProgrammeNotFound."""
    programmes.programme(programme_id)
    activities.leave(member_id, programme_id, now)


def require_member(item: Mapping[str, Any] | None, programme_id: str) -> bool:
    """Whether this is the member's first act here, by the membership's item. Raises NotAMember for one who left."""
    if item is not None and membership_from(item).left_at is not None:
        raise NotAMember(programme_id=programme_id)
    return item is None
