"""What a member takes along of acts: the acts, the pictures that are still kept, programmes and household."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from puhui.activities.acts.model import Activity
from puhui.activities.acts.records import of_records
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.evidence.model import Evidence
from puhui.activities.evidence.repository import EVIDENCE
from puhui.activities.tables import Activities
from puhui.activities.tracks import gpx
from puhui.kernel import clock
from puhui.ledger.api import member
from puhui.store.erasing import items_of

TRACK = "T#"
_OURS = {  # how we keep and check it, nothing about the act
    "body_hash",
    "member_id",
    "joins",
    "signals",
    "rules",
    "shadows",
    "device",
    "voiding",
}
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}


def acts(member_id: str, *, activities: Activities) -> Iterator[dict[str, Any]]:
    """Every act of a member, with what its number is explained by."""
    owner = ("owner", member(member_id))
    for item in items_of(activities.dynamodb, activities.table, owner, "A#"):
        yield shown(ACTIVITY.read(item))
    seen = set[str]()
    for act in of_records(member_id, acts=activities.acts):
        if act.id not in seen:
            seen.add(act.id)
            yield shown(act)


def shown(activity: Activity) -> dict[str, Any]:
    """An act as it is exported: what is not set is left out."""
    fields = {name: value for name, value in asdict(activity).items() if name not in _OURS}
    return {name: _plain(value) for name, value in fields.items() if value not in (None, "", (), {})}


def pictures(
    member_id: str, after: str | None, *, activities: Activities
) -> Iterator[tuple[str, str, Evidence]]:
    """(id, file name, evidence) of every picture that was announced after ``after``, in the order of their ids."""
    owner = ("owner", member(member_id))
    for item in items_of(activities.dynamodb, activities.table, owner, "E#"):
        evidence = EVIDENCE.read(item)
        if after is None or evidence.id > after:
            yield evidence.id, f"{evidence.id}.{_ENDINGS.get(evidence.content_type, 'bin')}", evidence


def tracks(
    member_id: str, after: str | None, now: datetime, *, activities: Activities
) -> Iterator[tuple[str, str, list[bytes]]]:
    """(act's id, file name, GPX 1.1) of every track whose points are still kept, of acts after ``after``, in the order of their ids."""
    for item in items_of(activities.dynamodb, activities.table, ("owner", member(member_id)), TRACK):
        activity_id = item["entry"].removeprefix(TRACK)
        if "sealed" not in item or (after is not None and activity_id <= after):
            continue
        track = activities.tracks.opened(item, member_id, activity_id, now)
        act = activities.acts.find(member_id, activity_id)
        if track and act:
            written = gpx.written(track, act.occurred_at, act.behaviour)
            yield activity_id, f"{activity_id}.gpx", [written.encode()]


def places(member_id: str, *, activities: Activities) -> dict[str, Any]:
    """The programmes that a member joined, and the household."""
    residences = activities.households.residences_of(member_id)
    return {
        "programmes": [each.body() for each in activities.memberships.of(member_id)],
        "households": [asdict(each) for each in residences.places],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.to_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
