"""What a member has to have agreed to before an act is taken: read along with everything else that decides on it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from puhui.activities.acts.model import Activity
from puhui.activities.tables import Tables
from puhui.kernel.grades import PARTNER, PHOTO, STEPS, TRACK, VERIFIED
from puhui.members import capture_api as consents
from puhui.programmes.api import programme
from puhui.store.client import Key
from puhui.store.values import Item

BEFORE_CONSENT = "BEFORE_CONSENT"
PURPOSES = {
    PHOTO: consents.PHOTOS,
    VERIFIED: consents.PHOTOS,
    TRACK: consents.WHEREABOUTS,
    STEPS: consents.STEPS,
}


def keys(member_id: str, tables: Tables) -> list[Key]:
    """The key to read, last of all."""
    return [tables.consents.key(member_id)] if tables.consents else []


def require(found: list[Item | None], draft: Activity, tables: Tables, *, minors: bool) -> None:
    """Take the item off what was read. Raises ConsentRequired, GuardianRequired, MemberNotFound."""
    if tables.consents:
        standing = consents.standing_from(found.pop())
        standing.require(purpose_of(draft), draft.recorded_at, minors=minors)


def purpose_of(draft: Activity) -> str:
    """What the act's evidence needs to be agreed to; a member's word needs nothing."""
    if draft.grade == PARTNER:
        return consents.PARTNER + draft.partner_id
    return PURPOSES.get(draft.grade, "")


def since_consent(
    walked: Sequence[tuple[date, int]],
    standing: consents.Standing,
    programme_id: str,
    now: datetime,
    *,
    include_earlier: bool,
) -> tuple[list[tuple[date, int]], list[dict[str, Any]]]:
    """The days that may be looked at: from the consent's on, unless the member sends the earlier ones on purpose; and what is answered
    of the others. Raises GuardianRequired, ProgrammeNotFound."""
    standing.require_guardian(now, minors=programme(programme_id).minors)
    first = standing.since(consents.STEPS)
    taken = [(day, count) for day, count in walked if include_earlier or day >= first]
    left = [
        {"date": day.isoformat(), "steps": 0, "credits_mg": 0, "points": 0, "reason_code": BEFORE_CONSENT}
        for day, _ in walked[len(taken) :]
    ]
    return taken, left
