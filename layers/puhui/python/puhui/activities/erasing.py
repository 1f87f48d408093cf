"""What becomes of an erased member's acts: all of them go, with their pictures, prints, reviews, days and whatever else is kept of the
member here.

What waits (to be verified, settled, collected) ends first: its hold is voided in the transaction that removes the act, so that no step of
a machine that still runs can credit it. What is kept: friends' records of what they collected, and a household's days and reports while
others live there, under ids that name nobody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from puhui.activities.acts.model import VERIFYING, Activity
from puhui.activities.acts.records import of_records
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.appeals.model import appeal_ids_of
from puhui.activities.evidence.fingerprints import Fingerprints
from puhui.activities.evidence.repository import EVIDENCE
from puhui.activities.households.model import Interval
from puhui.activities.households.repository import RESIDENCES
from puhui.activities.reviews.reversals import reversal_id_of
from puhui.activities.tables import Activities, Tables
from puhui.activities.verification import execution_name, review_id_of
from puhui.kernel import clock
from puhui.ledger.api import PENDING_STATE, HoldResolved, add_void, member
from puhui.store.erasing import erase_entries, items_of
from puhui.store.session import Session, attempt


@dataclass(frozen=True)
class Outside:
    """What is not in the tables. ``delete_files``: all objects below a prefix, and how many; ``stop``: an execution of the
    verification, by its name."""

    delete_files: Callable[[str], int]
    stop: Callable[[str], None]


def erase_member(member_id: str, now: datetime, *, tables: Tables, outside: Outside) -> Mapping[str, int]:
    """Remove everything of a member, other people's part aside. Again finishes what was left."""
    activities = tables.activities
    ended = sum(
        _end(member_id, hold.id, tables, outside, now)
        for hold in tables.ledger.holds(member(member_id))
        if hold.state == PENDING_STATE
    )
    owner = ("owner", member(member_id))
    for item in items_of(activities.dynamodb, activities.table, owner, "A#"):
        act = ACTIVITY.read(item)
        _forget_review(act, activities)
        _forget_marks(act, activities)
    records = 0
    for act in of_records(member_id, acts=activities.acts):
        _forget_review(act, activities)
        _forget_marks(act, activities)
        activities.dynamodb.delete_all(activities.table, [activities.acts.key(member_id, act.id).key])
        records += 1
    files = outside.delete_files(f"uploads/{member_id}/") + outside.delete_files(f"evidence/{member_id}/")
    fingerprints = Fingerprints(activities.dynamodb, activities.table)
    for item in items_of(activities.dynamodb, activities.table, owner, "E#"):
        evidence = EVIDENCE.read(item)
        fingerprints.forget(evidence.sha256, evidence.id)
    _leave_households(member_id, activities, now)
    items = records + erase_entries(activities.dynamodb, activities.table, owner)
    return {"ended": ended, "files": files, "items": items}


def _end(member_id: str, activity_id: str, tables: Tables, outside: Outside, now: datetime) -> int:
    """Remove an act that waits, and void its hold with it; 0 when the hold is not an act's, or ended meanwhile."""
    activity = tables.activities.acts.find(member_id, activity_id)
    if activity is None:
        return 0
    if activity.status == VERIFYING:
        outside.stop(execution_name(activity))
    if activity.settles_at:
        tables.activities.risk.release(activity.programme_id, activity.settles_at, activity_id)
    _forget_review(activity, tables.activities)

    def build(session: Session) -> int:
        held = tables.ledger.hold(member(member_id), activity_id)
        if held is None or held.state != PENDING_STATE:
            return 0
        session.delete(*tables.activities.acts.key(member_id, activity_id))
        add_void(session, held, ledger=tables.ledger, now=now)
        return 1

    try:
        return attempt(tables.ledger.dynamodb, build)
    except HoldResolved:
        return attempt(tables.ledger.dynamodb, build)


def _forget_review(activity: Activity, activities: Activities) -> None:
    """What people decided about an act, or were to decide: its review, its reversal, its appeals."""
    if activity.first_status != "credited" or activity.evidence_ids or activity.rules:
        activities.reviews.forget(review_id_of(activity))
    if activity.first_status != "verifying" or activity.status in ("credited", "reversed"):
        activities.reviews.forget(reversal_id_of(activity))
    if activity.appeal:
        for appeal_id in appeal_ids_of(activity.id):
            activities.appeals.forget(appeal_id)
    activities.clusters.forget(activity.evidence_ids)


def _forget_marks(activity: Activity, activities: Activities) -> None:
    """Remove what a track is known by, and the meter of a home in which the member lived alone."""
    if activity.track:
        activities.tracks.forget(activity.track["id"], activity.track["prints"])
    if activity.meter:
        activities.households.forget_meter(activity.meter["id"], activity.behaviour, activity.member_id)


def _leave_households(member_id: str, activities: Activities, now: datetime) -> None:
    """Live nowhere any more from tomorrow on. A home in which nobody else ever lived goes with all that was reported of it."""
    residences = activities.households.residences_of(member_id)
    for household in dict.fromkeys([member_id, *(place.household for place in residences.places)]):
        if _move_out(member_id, household, activities, now):
            _forget_meters(household, activities)
            erase_entries(activities.dynamodb, activities.table, ("owner", f"household:{household}"))
    activities.dynamodb.delete_all(activities.table, [RESIDENCES.key(member_id=member_id)])


def _forget_meters(household: str, activities: Activities) -> None:
    """Remove what is known of the meters of a home, unless they have another home by now."""
    table = activities.table
    for item in items_of(activities.dynamodb, table, ("owner", f"household:{household}"), "M#"):
        key = {"owner": f"meter:{item['meter']}", "entry": item["entry"]}
        known = activities.dynamodb.get(table, key)
        if known and known.get("household") == household:
            activities.dynamodb.delete_all(table, [key])


def _move_out(member_id: str, household: str, activities: Activities, now: datetime) -> bool:
    """Whether nobody else is named there; if somebody is, the member's days there have an end."""
    yesterday = (clock.programme_day(now) - timedelta(days=1)).isoformat()

    def build(session: Session) -> bool:
        (record,) = activities.households.people([household])
        if not set(record.people) - {member_id}:
            return True
        open_ends = [each for each in record.people.get(member_id, ()) if not each.last]
        if open_ends:
            ended = tuple(
                each if each.last else Interval(each.first, max(each.first, yesterday))
                for each in record.people[member_id]
            )
            people = {**record.people, member_id: ended}
            activities.households.put_people(session, replace(record, people=people))
        return False

    return attempt(activities.dynamodb, build)
