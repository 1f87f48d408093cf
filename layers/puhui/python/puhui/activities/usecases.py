"""What members do with acts: announce evidence, record, look up, ask why."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from puhui.activities import credit, timing
from puhui.activities.dynamo import day_from
from puhui.activities.errors import (
    ActivityNotFound,
    ActivityStands,
    ActRepeated,
    ClaimExpired,
    EvidenceNotWanted,
    EvidenceRequired,
    NothingToCredit,
    StepsComeFromWeRun,
)
from puhui.activities.identity import period_rule, window
from puhui.activities.memberships import require_member
from puhui.activities.model import (
    CREDITED,
    MATURING,
    PENDING,
    PHOTOS_PER_DAY_MG,
    SELF_DECLARED_LIMIT,
    VERIFYING,
    Activity,
    Day,
    Entry,
    Evidence,
    entry_of,
    fit,
    fit_declared,
    told_before,
)
from puhui.activities.ports import Books, EvidenceStore
from puhui.activities.risk import ACT_REPEATED, DAY_LARGE
from puhui.activities.sharing import shared_with
from puhui.kernel import clock, ids
from puhui.kernel.pages import Page
from puhui.ledger.api import Balance, Hold, add_hold, balance_from, member, of
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
    ended_at: datetime | None = None


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
    upload = store.upload(evidence.upload_key, content_type, size, sha256, UPLOAD_SECONDS)
    return evidence, upload, now + timedelta(seconds=UPLOAD_SECONDS)


def record_activity(command: RecordActivity, *, books: Books, now: datetime) -> Activity:
    """Record an act: credited at once when a machine can tell, otherwise handed to verification; where the programme lets
    acts be collected, it matures first.

    One read and one transaction: the act, the member's day (caps, overlaps, what was told before), and the transfer with
    its balance (or, with a photo, the evidence, and for what is still to come a hold of the credits); one read and one
    item more where caps count a whole household or the act tells of a period, and one item more for an act so near
    midnight that it could be told again on the next day. The same key and body again give the first answer.
    Raises what ``puhui.activities.errors`` lists, QuantityInvalid, QuantityImplausible, ProgrammeNotFound,
    BehaviourUnknown.
    """
    programme = programmes.programme(command.programme_id)
    behaviour = programmes.behaviour(programme, command.behaviour)
    _check_kind(behaviour, command.evidence_ids)
    told = timing.Told(command.occurred_at, command.ended_at, now, programme.claim.window_days)
    rule = period_rule(behaviour.id)
    timing.check_told(told, rule)
    quantified = methodologies.quantify(
        programme, behaviour, command.quantity, clock.programme_day(command.occurred_at)
    )
    timing.check_length(told, behaviour, quantified.inputs)
    day = clock.programme_day(command.occurred_at)
    period = timing.period_of(told, rule, quantified.inputs) if rule else None
    timing.check_first_day(command.member_id, period.first if period else day)
    points_only = not quantified.credits_allowed
    if quantified.reduction_mg == 0 or (points_only and programme.points is None):
        raise NothingToCredit
    activity_id = ids.key_id(command.member_id, "activity", command.key) if command.key else ids.new_id(now)
    status = _first_status(programme, command.evidence_ids)
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
        record=_record(quantified, programme, mere_word=not command.evidence_ids),
        body_hash=command.body_hash,
        first_status=status,
        evidence_ids=tuple(command.evidence_ids),
        ended_at=command.ended_at,
    )
    if status == MATURING:
        matured_at, collect_by = programme.claim.times(command.occurred_at.replace(microsecond=0))
        draft = replace(draft, matured_at=matured_at, collect_by=collect_by)

    def build(session: Session) -> Activity:
        return _add(session, draft, programme, behaviour, period, books, now)

    try:
        return attempt(books.ledger.dynamodb, build)
    except ActivityStands:
        return first_answer(get_activity(command.member_id, activity_id, books=books))


class _Found(NamedTuple):
    """What was read of a member for an act."""

    days: tuple[Day, ...]
    household: Mapping[str, Any] | None
    balance: Balance
    joins: bool


def _add(
    session: Session,
    draft: Activity,
    programme: Programme,
    behaviour: Behaviour,
    period: timing.Period | None,
    books: Books,
    now: datetime,
) -> Activity:
    """Read the day and the balance, fit the act in, and add everything it writes to the session."""
    wanted = entry_of(draft, behaviour)
    found = _find(draft, wanted, books, home=behaviour.caps.of_households or period is not None)
    programme.require_open(now)
    if draft.collect_by and draft.collect_by <= now:
        raise ClaimExpired
    today, *following = found.days
    entry = fit(today, wanted, behaviour.caps, following)
    entry = fit_declared(today, entry, programme.self_declared_per_day_mg)
    repeated = told_before(wanted, found.days)
    if repeated and not draft.evidence_ids:  # with a photo of its own a person looks at it
        raise ActRepeated(minutes=window(draft.behaviour).within)
    shared, claimed = shared_with(draft, behaviour, period, found.household, books.activities)
    if shared:
        entry = shared.fit(entry, behaviour.caps)
    activity = replace(
        draft,
        credits_mg=entry.mg,
        joins=found.joins,
        household=shared.household if shared else "",
        signals=_signals(draft, entry, today, repeated=repeated),
    )
    if entry.mg == 0:
        activity = _on_record_only(activity)
    _take_days(session, entry, found.days, draft.member_id, books)
    if shared:
        books.activities.add_to_household_day(session, shared, entry)
    for each in claimed:
        books.activities.put_period(session, each)
    return _give(session, activity, programme, found.balance, books, now)


def _on_record_only(activity: Activity) -> Activity:
    """An act that mere word gives nothing more for: done, with the reason."""
    return replace(
        activity,
        status=CREDITED,
        first_status=CREDITED,
        reason_code=SELF_DECLARED_LIMIT,
        matured_at=None,
        collect_by=None,
    )


def _signals(draft: Activity, entry: Entry, today: Day, *, repeated: bool) -> tuple[str, ...]:
    """Why a person is to look at an act, whatever its photos show."""
    large = bool(draft.evidence_ids) and today.shown_mg + entry.mg > PHOTOS_PER_DAY_MG
    return (*([ACT_REPEATED] if repeated else []), *([DAY_LARGE] if large else []))


def _find(draft: Activity, wanted: Entry, books: Books, *, home: bool) -> _Found:
    """One read; ``home``: with the member's household. Raises NotAMember, IdempotencyKeyReused, and ActivityStands for a
    repetition."""
    activities, ledger = books.activities, books.ledger
    owner, dates = member(draft.member_id), wanted.days()
    places = [
        activities.activity_key(draft.member_id, draft.id),
        activities.membership_key(draft.member_id, draft.programme_id),
        ledger.balance_key(owner, draft.programme_id),
        *(activities.day_key(draft.member_id, each) for each in dates),
        *([activities.household_key(draft.member_id)] if home else []),
    ]
    stands, membership, balance, *found = ledger.dynamodb.get_all(places)
    if stands:
        raise ActivityStands(body_hash=draft.body_hash).found(stands)
    return _Found(
        tuple(day_from(each, item) for each, item in zip(dates, found, strict=False)),
        found[-1] if home else None,
        balance_from(owner, draft.programme_id, balance),
        require_member(membership, draft.programme_id),
    )


def _take_days(session: Session, entry: Entry, days: Sequence[Day], member_id: str, books: Books) -> None:
    today, *following = days
    books.activities.put_day(session, member_id, today.with_entry(entry))
    for each in following:
        books.activities.put_day(session, member_id, each.carrying(entry))


def _give(
    session: Session, activity: Activity, programme: Programme, balance: Balance, books: Books, now: datetime
) -> Activity:
    """Write the act with its evidence and its credits, or the hold of those that are still to come."""
    if activity.credits_mg == 0:
        books.activities.add_activity(session, activity)
        return activity
    transfer = None
    if activity.status == CREDITED:
        transfer_id = ids.derived_id(now, activity.id, "credit")
        transfer, points = credit.crediting(
            programme,
            activity.member_id,
            activity.credits_mg,
            activity.day,
            balance,
            transfer_id,
            activity.id,
            now,
            points_only=activity.points_only,
        )
        activity = replace(activity, points=points, entry_id=transfer_id)
    books.activities.add_activity(session, activity)
    for evidence_id in activity.evidence_ids:
        books.activities.use_evidence(session, activity.member_id, evidence_id, activity.id)
    if transfer:
        books.ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
    else:
        add_hold(session, held_for(activity, programme, now), {}, ledger=books.ledger, now=now)
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


def _record(
    quantified: methodologies.Quantification, programme: Programme, *, mere_word: bool
) -> dict[str, Any]:
    """What is kept with an act; of one that nothing but the member's word shows, with the cap on all such acts of a day."""
    record = credit.record_of(quantified, programme)
    if mere_word:
        record["caps"] = record["caps"] | {"self_declared_day:mg": programme.self_declared_per_day_mg}
    return record


def _first_status(programme: Programme, evidence_ids: Sequence[str]) -> str:
    if evidence_ids:
        return VERIFYING
    return MATURING if programme.claim.rule == "collect" else CREDITED


def _check_kind(behaviour: Behaviour, evidence_ids: Sequence[str]) -> None:
    if behaviour.evidence == "steps":
        raise StepsComeFromWeRun
    if behaviour.evidence == "photo" and not evidence_ids:
        raise EvidenceRequired
    if evidence_ids and not behaviour.takes_photos:
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
    """Why an activity has its number: rebuilt from the record kept with it; after a correction the number that it made, with
    what it was before. Raises ActivityNotFound."""
    activity = get_activity(member_id, activity_id, books=books)
    programme = credit.programme_of(activity)
    counted_mg = activity.credits_mg + activity.lapsed_mg  # what lapsed was computed all the same
    explained = methodologies.explain_record(
        activity.record,
        programme,
        0 if activity.points_only else counted_mg,
        activity.points,
        activity.correction,
        counted_mg if activity.points_only else None,
    )
    return {"activity_id": activity.id, **explained}


def _computed_mg(activity: Activity) -> int:
    """What the act avoids by its formula, whatever a limit let count."""
    return int(activity.correction.get("to_mg") or activity.record.get("reduction_mg", 0))


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
    if activity.ended_at:
        body["ended_at"] = clock.to_text(activity.ended_at)
    if activity.matured_at and activity.collect_by:
        body["matured_at"] = clock.to_text(activity.matured_at)
        body["collect_by"] = clock.to_text(activity.collect_by)
        body["taken_mg"] = activity.taken_mg
    if activity.status in (CREDITED, MATURING, PENDING) and _computed_mg(activity) > activity.credits_mg:
        body["computed_mg"] = _computed_mg(activity)
    if activity.reason_code:
        body["reason_code"] = activity.reason_code
    if activity.note:
        body["note"] = activity.note
    if activity.entry_id:
        body["entry_id"] = activity.entry_id
    return body
