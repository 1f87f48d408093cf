"""What members do with acts: announce evidence, record, look up, ask why."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from puhui.activities import credit
from puhui.activities.dynamo import day_from
from puhui.activities.errors import (
    ActivityNotFound,
    ActivityStands,
    ClaimExpired,
    EvidenceNotWanted,
    EvidenceRequired,
    NothingToCredit,
    StepsComeFromWeRun,
)
from puhui.activities.households import household_on
from puhui.activities.memberships import require_member
from puhui.activities.model import (
    CREDITED,
    MATURING,
    VERIFYING,
    Activity,
    Day,
    Entry,
    Evidence,
    check_time,
    fit,
    minutes,
)
from puhui.activities.ports import Books, EvidenceStore
from puhui.kernel import clock, ids
from puhui.kernel.pages import Page
from puhui.ledger.api import Hold, add_hold, balance_from, member, of
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.programmes.api import Behaviour, Programme
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

UPLOAD_SECONDS = 900
VERIFICATION_DAYS = (
    7  # the longest a verification lasts: content check, then a person's three days, then slack
)


@dataclass(frozen=True)
class RecordActivity:
    """A member says what was done. ``key`` is the client's idempotency key."""

    member_id: str
    programme_id: str
    behaviour: str
    occurred_at: datetime
    quantity: Mapping[str, Any]
    evidence_ids: Sequence[str]
    key: str | None
    body_hash: str


def prepare_evidence(
    member_id: str,
    content_type: str,
    size: int,
    sha256: str,
    *,
    key: str | None,
    body_hash: str,
    books: Books,
    store: EvidenceStore,
    now: datetime,
) -> tuple[Evidence, dict[str, Any], datetime]:
    """Announce a picture; the evidence, where to upload it, and until when. The same key names the same evidence."""
    evidence_id = ids.key_id(member_id, "evidence", key) if key else ids.new_id(now)
    evidence = Evidence(evidence_id, member_id, content_type, size, sha256, now, body_hash)
    session = Session(books.activities.dynamodb)
    books.activities.add_evidence(session, evidence)
    with suppress(ActivityStands):
        session.commit()
    upload = store.upload(evidence.object_key, content_type, size, UPLOAD_SECONDS)
    return evidence, upload, now + timedelta(seconds=UPLOAD_SECONDS)


def record_activity(command: RecordActivity, *, books: Books, now: datetime) -> Activity:
    """Record an act: credited at once when a machine can tell, otherwise handed to verification; where the programme lets
    acts be collected, it matures first.

    One read and one transaction: the act, the member's day (caps, overlaps), and the transfer with its balance (or, with
    a photo, the evidence, and for what is still to come a hold of the credits); one read and one item more where caps
    count a whole household, and one item more for an act that goes on past midnight. The same key and body again give
    the first answer.
    Raises what ``puhui.activities.errors`` lists, QuantityInvalid, ProgrammeNotFound, BehaviourUnknown.
    """
    programme = programmes.programme(command.programme_id)
    behaviour = programmes.behaviour(programme, command.behaviour)
    _check_kind(behaviour, command.evidence_ids)
    check_time(command.occurred_at, now, programme.claim.window_days)
    quantified = methodologies.quantify(
        programme, behaviour, command.quantity, clock.programme_day(command.occurred_at)
    )
    points_only = not quantified.credits_allowed
    if quantified.reduction_mg == 0 or (points_only and programme.points is None):
        raise NothingToCredit
    activity_id = ids.key_id(command.member_id, "activity", command.key) if command.key else ids.new_id(now)
    status = _first_status(programme, command.evidence_ids)
    day = clock.programme_day(command.occurred_at)
    draft = Activity(
        id=activity_id,
        member_id=command.member_id,
        programme_id=programme.id,
        behaviour=behaviour.id,
        status=status,
        occurred_at=command.occurred_at,
        recorded_at=now,
        quantity=command.quantity,
        credits_mg=quantified.reduction_mg,
        points_only=points_only,
        points=0,
        record=quantified.record(),
        body_hash=command.body_hash,
        first_status=status,
        evidence_ids=tuple(command.evidence_ids),
    )

    if status == MATURING:
        matured_at, collect_by = programme.claim.times(command.occurred_at.replace(microsecond=0))
        draft = replace(draft, matured_at=matured_at, collect_by=collect_by)

    def build(session: Session) -> Activity:
        return _add(session, draft, programme, behaviour, day, books, now)

    try:
        return attempt(books.ledger.dynamodb, build)
    except ActivityStands:
        return first_answer(get_activity(command.member_id, activity_id, books=books))


def _add(
    session: Session,
    draft: Activity,
    programme: Programme,
    behaviour: Behaviour,
    day: date,
    books: Books,
    now: datetime,
) -> Activity:
    """Read the day and the balance, fit the act in, and add everything it writes to the session."""
    activities, ledger = books.activities, books.ledger
    owner = member(draft.member_id)
    wanted = entry_of(draft, behaviour)
    dates = wanted.days()
    places = [
        activities.activity_key(draft.member_id, draft.id),
        activities.membership_key(draft.member_id, programme.id),
        ledger.balance_key(owner, programme.id),
        *(activities.day_key(draft.member_id, each) for each in dates),
    ]
    if behaviour.caps.of_households:
        places.append(activities.household_key(draft.member_id))
    found_activity, membership, found_balance, *found = ledger.dynamodb.get_all(places)
    found_days, household = found[: len(dates)], found[len(dates) :]
    if found_activity:
        raise ActivityStands(body_hash=draft.body_hash).found(found_activity)
    joins = require_member(membership, programme.id)
    if draft.collect_by and draft.collect_by <= now:
        raise ClaimExpired
    today, *following = (day_from(each, item) for each, item in zip(dates, found_days, strict=True))
    entry = fit(today, wanted, behaviour.caps, following)
    shared = None
    if household:
        shared = activities.household_day(household_on(day, household[0], draft.member_id), day)
        entry = shared.fit(entry, behaviour.caps)
    activity = replace(draft, credits_mg=entry.mg, joins=joins, household=shared.household if shared else "")
    balance = balance_from(owner, programme.id, found_balance)
    transfer = None
    if draft.status == CREDITED:
        transfer_id = ids.derived_id(now, draft.id, "credit")
        transfer, points = credit.crediting(
            programme,
            draft.member_id,
            entry.mg,
            day,
            balance,
            transfer_id,
            draft.id,
            now,
            points_only=draft.points_only,
        )
        activity = replace(activity, points=points, entry_id=transfer_id)
    activities.add_activity(session, activity)
    for evidence_id in draft.evidence_ids:
        activities.use_evidence(session, draft.member_id, evidence_id, draft.id)
    activities.put_day(session, draft.member_id, today.with_entry(entry))
    for each in following:
        activities.put_day(session, draft.member_id, each.carrying(entry))
    if shared:
        activities.add_to_household_day(session, shared, entry)
    if transfer:
        ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
    else:
        add_hold(session, held_for(activity, programme, now), {}, ledger=ledger, now=now)
    return activity


def held_for(activity: Activity, programme: Programme, now: datetime) -> Hold:
    """The hold of what an act will give: until it is verified, collected, or its time is over."""
    runs_out = activity.collect_by or now + timedelta(days=VERIFICATION_DAYS)
    if activity.collect_by is None and programme.claim.rule == "collect":
        _, runs_out = programme.claim.times(activity.occurred_at, runs_out)
    legs = credit.issuing(
        programme, activity.member_id, activity.credits_mg, activity.day, points_only=activity.points_only
    )
    return Hold(activity.id, member(activity.member_id), legs, runs_out, activity.id)


def _first_status(programme: Programme, evidence_ids: Sequence[str]) -> str:
    if evidence_ids:
        return VERIFYING
    return MATURING if programme.claim.rule == "collect" else CREDITED


def entry_of(activity: Activity, behaviour: Behaviour) -> Entry:
    """What an act takes of its day before caps: its mass, its time, one act, and the quantity that caps count."""
    start = minutes(activity.occurred_at)
    interval = behaviour.interval(activity.quantity, activity.occurred_at)
    return Entry(
        activity_id=activity.id,
        programme_id=activity.programme_id,
        behaviour=activity.behaviour,
        start=start,
        end=minutes(interval[1]) if interval else start,
        mg=activity.credits_mg,
        acts=1,
        quantity=activity.quantity[behaviour.measure],
    )


def _check_kind(behaviour: Behaviour, evidence_ids: Sequence[str]) -> None:
    if behaviour.evidence == "steps":
        raise StepsComeFromWeRun
    if behaviour.evidence == "photo" and not evidence_ids:
        raise EvidenceRequired
    if behaviour.evidence == "none" and evidence_ids:
        raise EvidenceNotWanted


def first_answer(activity: Activity) -> Activity:
    """The activity as the first answer showed it, whatever became of it since."""
    if activity.first_status == CREDITED:
        return activity
    first = replace(
        activity,
        status=activity.first_status,
        credits_mg=activity.credits_mg + activity.lapsed_mg,
        points=0,
        entry_id="",
        reason_code="",
        note="",
        taken_mg=0,
        lapsed_mg=0,
    )
    if activity.first_status == VERIFYING:
        return replace(first, matured_at=None, collect_by=None)
    return first


def get_activity(member_id: str, activity_id: str, *, books: Books) -> Activity:
    """One of the member's activities. Raises ActivityNotFound."""
    activity = books.activities.activity(member_id, activity_id)
    if activity is None:
        raise ActivityNotFound
    return activity


def list_activities(
    member_id: str,
    programme_id: str | None,
    limit: int,
    cursor: str | None,
    *,
    books: Books,
    cursors: Cursors,
) -> Page[Activity]:
    """A page of the member's acts, latest day first and, within a day, the last recorded first: two reads.

    The day items hold the order; a cursor is a day and how many of its acts were shown.
    """
    scope = f"activities:{member_id}:{programme_id or ''}"
    position = cursors.read(scope, cursor) or {}
    before = date.fromisoformat(position["day"]) if position else None
    skip = position.get("shown", 0)
    wanted: list[str] = []
    following: dict[str, Any] | None = None
    days = books.activities.days(member_id, before, limit + 1)
    for day in days:
        listed = _listed(day, programme_id)
        start = skip if before and day.day == before else 0
        room = limit - len(wanted)
        wanted += listed[start : start + room]
        if len(listed) > start + room:
            following = {"day": day.day.isoformat(), "shown": start + room}
            break
    if following is None and len(days) > limit:
        following = {"day": days[-1].day.isoformat(), "shown": len(_listed(days[-1], programme_id))}
    return Page(books.activities.activities(member_id, wanted), cursors.write(scope, following))


def _listed(day: Day, programme_id: str | None) -> list[str]:
    mine = [e.activity_id for e in day.acts if programme_id in (None, e.programme_id)]
    return mine[::-1]


def explain_activity(member_id: str, activity_id: str, *, books: Books) -> dict[str, Any]:
    """Why an activity has its number: rebuilt from the record kept with it. Raises ActivityNotFound."""
    activity = get_activity(member_id, activity_id, books=books)
    programme = programmes.programme(activity.programme_id)
    told = activity.correction
    counted_mg = activity.credits_mg + activity.lapsed_mg  # what lapsed was computed all the same
    if activity.points_only:
        counted_mg = 0
    if told:  # how it was counted first, and beside it what the correction made of it
        counted_mg = told["from_mg"]
    points = activity.points - (told["points"] if told else 0)
    explained = methodologies.explain_record(activity.record, programme, counted_mg, points)
    return {"activity_id": activity.id, **explained, **({"correction": dict(told)} if told else {})}


def shown(activity: Activity, now: datetime) -> dict[str, Any]:
    """The activity of the contract, as it is to be seen ``now``."""
    activity = activity.as_of(now)
    body: dict[str, Any] = {
        "id": activity.id,
        "programme_id": activity.programme_id,
        "behaviour": activity.behaviour,
        "title": programmes.behaviour_name(activity.programme_id, activity.behaviour),
        "status": activity.status,
        "credits_mg": 0 if activity.points_only else activity.credits_mg,
        "points": activity.points,
        "occurred_at": clock.to_text(activity.occurred_at),
    }
    if activity.matured_at and activity.collect_by:
        body["matured_at"] = clock.to_text(activity.matured_at)
        body["collect_by"] = clock.to_text(activity.collect_by)
        body["taken_mg"] = activity.taken_mg
    if activity.reason_code:
        body["reason_code"] = activity.reason_code
    if activity.note:
        body["note"] = activity.note
    if activity.entry_id:
        body["entry_id"] = activity.entry_id
    return body
