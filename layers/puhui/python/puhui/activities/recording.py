"""Recording an act: is it plausible, does it fit into the member's day, what does it give at once and what later."""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from puhui.activities import capturing, tracking
from puhui.activities.acts import credit, timing
from puhui.activities.acts.command import RecordActivity as RecordActivity  # noqa: PLC0414 whoever records needs it
from puhui.activities.acts.command import Tried
from puhui.activities.acts.days import (
    Day,
    Entry,
    entry_of,
    fit,
    fit_declared,
    fit_walk,
    reported_before,
)
from puhui.activities.acts.identity import period_rule, window
from puhui.activities.acts.model import (
    CREDITED,
    MATURING,
    REFUSED,
    SELF_DECLARED_LIMIT,
    VERIFYING,
    Activity,
)
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.errors import (
    ActRepeated,
    ClaimedByMember,
    ClaimExpired,
    EvidenceNotAccepted,
    EvidenceNotWanted,
    EvidenceRequired,
    RecordChanged,
    StepsComeFromWeRun,
)
from puhui.activities.households.limits import shared_with
from puhui.activities.households.model import Residences
from puhui.activities.memberships import require_member
from puhui.activities.replacing import ReplacesClaims, require_no_claim, withdraw
from puhui.activities.risk import ACT_REPEATED, DAY_LARGE, RANDOM_CHECK
from puhui.activities.risk.judging import judged
from puhui.activities.risk.records import others_on
from puhui.activities.settling.holding import held_for
from puhui.activities.tables import Tables
from puhui.kernel import clock, ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.kernel.grades import PARTNER, PHOTO, SELF_DECLARED, STEPS, TRACK, VERIFIED
from puhui.ledger.api import Balance, add_hold, balance_from, member, of
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.programmes.api import Behaviour, Programme
from puhui.store.conditions import AlreadyExists, SameRequest
from puhui.store.session import Session, attempt

if TYPE_CHECKING:
    from puhui.activities.tracks.trips import Trip

VERIFICATION_DAYS = (
    7  # the longest a verification lasts: content check, a person's three days, and some to spare
)


CLAIMS_MAX = 2  # the member may claim again between the two


def record_activity(command: RecordActivity, *, tables: Tables, now: datetime) -> Activity:
    """Record an act: credited at once when a machine can tell, otherwise handed to verification; where the programme lets
    acts be collected, it matures first.

    One read and one transaction: the act, the member's day (caps, overlaps, what was reported before), and the transfer with
    its balance (or, with a photo, the evidence, and for what is still to come a hold of the credits); one read and one
    item more where caps count a whole household or the act reports a period, and one item more for an act so near
    midnight that it could be reported again on the next day. The same key and body again give the first answer.
    Raises what ``puhui.activities.errors`` lists, QuantityInvalid, QuantityImplausible, ProgrammeNotFound,
    BehaviourUnknown.
    """
    programme = programmes.programme(command.programme_id)
    behaviour = programmes.behaviour(programme, command.behaviour)
    grade = _grade(behaviour, command)
    trip = tracking.trip_of(command.track, behaviour, command.quantity, command.occurred_at, command.ended_at)
    if trip is not None:  # the track's word counts, not the member's
        command = replace(command, quantity=trip.quantity, ended_at=trip.ended_at)
    times = timing.ReportedTimes(command.occurred_at, command.ended_at, now, programme.claim.window_days)
    rule = period_rule(behaviour.id)
    timing.check_times(times, rule)
    day = clock.programme_day(command.occurred_at)
    quantified = methodologies.quantify(programme, behaviour, command.quantity, day)
    timing.check_length(times, behaviour, quantified.inputs)
    period = timing.period_of(times, rule, quantified.inputs) if rule else None
    timing.check_first_day(command.member_id, period.first if period else day)
    draft = _draft(command, programme, behaviour, grade, quantified, tables, now)

    def build(session: Session) -> Activity:
        activity = _add(session, draft, programme, behaviour, period, trip, tables, now)
        if command.trial:
            raise Tried(activity)
        return activity

    try:
        return _replacing(build, draft, tables, now, trial=command.trial)
    except AlreadyExists as before:
        return ACTIVITY.read(before.details["item"]).as_first_answered()
    except IdempotencyKeyReused:
        if command.source is None:
            raise
        raise RecordChanged(record_id=command.source.record_id) from None


def _replacing(
    build: Callable[[Session], Activity], draft: Activity, tables: Tables, now: datetime, *, trial: bool
) -> Activity:
    """The act; where it is a partner's record of what its member claimed before, after those claims were withdrawn. A trial withdraws
    nothing."""
    for _ in range(CLAIMS_MAX + 1):
        try:
            return attempt(tables.ledger.dynamodb, build)
        except Tried as tried:
            return tried.activity
        except ReplacesClaims as claims:
            if trial:
                return draft
            for activity_id in claims.activity_ids:
                withdraw(draft.member_id, activity_id, tables=tables, now=now)
    raise ClaimedByMember(activity_id="")  # the member claims it again and again


def _draft(
    command: RecordActivity,
    programme: Programme,
    behaviour: Behaviour,
    grade: str,
    quantified: methodologies.Quantification,
    tables: Tables,
    now: datetime,
) -> Activity:
    """The act before it is fitted into its day. Raises NothingToCredit."""
    counted = credit.counted(quantified, programme, behaviour.gives(grade))
    status = _first_status(programme, command.evidence_ids)
    draft = Activity(
        id=_activity_id(command, now),
        member_id=command.member_id,
        programme_id=programme.id,
        behaviour=behaviour.id,
        status=status,
        occurred_at=command.occurred_at,
        recorded_at=now,
        quantity=command.quantity,
        credits_mg=0 if counted.record_only else quantified.reduction_mg,
        points_only=counted.points_only,
        points=0,
        record=_record(quantified, programme, behaviour, grade),
        body_hash=command.body_hash,
        first_status=status,
        evidence_ids=tuple(command.evidence_ids),
        ended_at=command.ended_at,
        grade=grade,
        partner_id=command.source.partner_id if command.source else "",
        brought_by=command.source.brought_by if command.source else "",
        meter=tracking.kept_meter(command.meter, behaviour.id, tables),
        device=command.device,
        address=command.address,
    )
    if status == MATURING:
        matured_at, collect_by = programme.claim.times(command.occurred_at.replace(microsecond=0))
        draft = replace(draft, matured_at=matured_at, collect_by=collect_by)
    return draft


class _Found(NamedTuple):
    """What was read of a member for an act."""

    days: tuple[Day, ...]
    residences: Residences
    balance: Balance
    joins: bool
    device_others: int


def _add(
    session: Session,
    draft: Activity,
    programme: Programme,
    behaviour: Behaviour,
    period: timing.Period | None,
    trip: "Trip | None",
    tables: Tables,
    now: datetime,
) -> Activity:
    """Read the day and the balance, fit the act in, and add everything it writes to the session."""
    wanted = entry_of(draft, behaviour)
    home = behaviour.caps.of_households or period is not None
    found = _find(draft, wanted, tables, home=home, minors=programme.minors)
    programme.require_open(now)
    if draft.collect_by and draft.collect_by <= now:
        raise ClaimExpired
    if draft.grade == PARTNER:
        require_no_claim(wanted, found.days, behaviour.caps)
    today, *following = found.days
    entry = fit_walk(today, fit(today, wanted, behaviour.caps, following))
    entry = fit_declared(today, entry, programme.self_declared_per_day_mg)
    repeated = reported_before(wanted, found.days)
    if repeated and not draft.evidence_ids:  # with a photo of its own a person looks at it
        raise ActRepeated(minutes=window(draft.behaviour).within)
    draft = tracking.with_track(session, draft, trip, tables, now)
    households = tables.activities.households
    shared = shared_with(draft, behaviour, period, found.residences, households)
    entry = shared.fit(entry, behaviour.caps)
    activity = replace(
        draft,
        credits_mg=entry.mg,
        joins=found.joins,
        household=shared.household,
        signals=(
            *draft.signals,
            *shared.signals,
            *_signals(draft, entry, today, repeated=repeated, drawn=_drawn(behaviour, draft.grade)),
        ),
    )
    if entry.mg == 0:
        activity = _on_record_only(activity, SELF_DECLARED_LIMIT if draft.credits_mg else "")
    else:
        activity = judged(activity, entry, today, found.device_others, programme.hold_days, now)
    if activity.status == REFUSED:
        tables.activities.days.put(session, today.with_entry(entry).without(entry.activity_id))
        return _give(session, activity, programme, found.balance, tables, now)
    _put_days(session, entry, found.days, tables)
    shared.add(session, entry, households)
    return _give(session, activity, programme, found.balance, tables, now)


def _on_record_only(activity: Activity, reason_code: str) -> Activity:
    """An act that gives nothing: done, with the reason."""
    return replace(
        activity,
        status=CREDITED,
        first_status=CREDITED,
        reason_code=reason_code,
        matured_at=None,
        collect_by=None,
    )


def _signals(draft: Activity, entry: Entry, today: Day, *, repeated: bool, drawn: bool) -> tuple[str, ...]:
    """Why a person is to look at an act, whatever its photos show."""
    found = {
        ACT_REPEATED: repeated,
        DAY_LARGE: today.large_with(entry),
        RANDOM_CHECK: draft.grade == VERIFIED or drawn,
    }
    return tuple(signal for signal, is_so in found.items() if is_so)


def _drawn(behaviour: Behaviour, grade: str) -> bool:
    """Whether chance has a person look at the photos. On the local cloud, whose days repeat, only a share of all is drawn."""
    if grade != PHOTO:
        return False
    percent = behaviour.evidence[PHOTO].reviewed_percent
    by_chance = os.environ.get("STAGE") not in ("local", "test")
    return percent == 100 or (by_chance and secrets.randbelow(100) < percent)


def _find(draft: Activity, wanted: Entry, tables: Tables, *, home: bool, minors: bool) -> _Found:
    """One read; ``home``: with where the member lived. Raises NotAMember, ConsentRequired, GuardianRequired, IdempotencyKeyReused,
    and AlreadyExists for a repetition."""
    activities, ledger = tables.activities, tables.ledger
    owner, dates = member(draft.member_id), wanted.days()
    seen_on = activities.risk.device_key(draft.device, clock.programme_day(draft.recorded_at))
    device = [seen_on] if draft.device else []
    keys = [
        activities.acts.key(draft.member_id, draft.id),
        activities.memberships.key(draft.member_id, draft.programme_id),
        ledger.balance_key(owner, draft.programme_id),
        *(activities.days.key(draft.member_id, each) for each in dates),
        *([activities.households.residences_key(draft.member_id)] if home else []),
        *capturing.keys(draft.member_id, tables),
        *device,
    ]
    existing, membership, balance, *found = ledger.dynamodb.get_all(keys)
    device_item = found.pop() if device else None
    if existing:
        raise SameRequest(body_hash=draft.body_hash).found(existing)
    capturing.require(found, draft, tables, minors=minors)
    days = activities.days
    return _Found(
        tuple(days.read(draft.member_id, each, item) for each, item in zip(dates, found, strict=False)),
        activities.households.read_residences(draft.member_id, found[-1] if home else None),
        balance_from(owner, draft.programme_id, balance),
        require_member(membership, draft.programme_id),
        others_on(device_item, draft.member_id),
    )


def _put_days(session: Session, entry: Entry, days: Sequence[Day], tables: Tables) -> None:
    today, *following = days
    tables.activities.days.put(session, today.with_entry(entry))
    for each in following:
        tables.activities.days.put(session, each.carrying(entry))


def _give(
    session: Session,
    activity: Activity,
    programme: Programme,
    balance: Balance,
    tables: Tables,
    now: datetime,
) -> Activity:
    """Write the act with its evidence and its credits, or the hold of those that are still to come."""
    if activity.credits_mg == 0:
        tables.activities.acts.add(session, replace(activity, address=""))
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
    tables.activities.acts.add(session, activity)
    for evidence_id in activity.evidence_ids:
        tables.activities.evidence.use(session, activity.member_id, evidence_id, activity.id)
    if transfer:
        tables.ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
    else:
        add_hold(session, held_for(activity, programme, now), {}, ledger=tables.ledger, now=now)
    return activity


def _record(
    quantified: methodologies.Quantification, programme: Programme, behaviour: Behaviour, grade: str
) -> dict[str, Any]:
    """What is kept with an act; of one that nothing but the member's word shows, with the cap on all such acts of a day."""
    record = credit.record_of(quantified, programme, behaviour, grade)
    if grade == SELF_DECLARED:
        record["caps"] = record["caps"] | {"self_declared_day:mg": programme.self_declared_per_day_mg}
    return record


def _first_status(programme: Programme, evidence_ids: Sequence[str]) -> str:
    if evidence_ids:
        return VERIFYING
    return MATURING if programme.claim.rule == "collect" else CREDITED


def _grade(behaviour: Behaviour, command: RecordActivity) -> str:
    """What shows the act. Raises StepsComeFromWeRun, EvidenceNotWanted, EvidenceRequired, EvidenceNotAccepted."""
    if command.source:
        grade = PARTNER
    elif command.track is not None:
        grade = TRACK
    elif command.evidence_ids:
        grade = VERIFIED if PHOTO not in behaviour.evidence else PHOTO
    else:
        grade = SELF_DECLARED
    if grade in behaviour.evidence and not (command.track and command.evidence_ids):
        return grade
    if STEPS in behaviour.evidence:
        raise StepsComeFromWeRun
    if command.evidence_ids:
        raise EvidenceNotWanted
    if grade == SELF_DECLARED and behaviour.takes_photos:
        raise EvidenceRequired
    raise EvidenceNotAccepted(grades=", ".join(behaviour.evidence))


def _activity_id(command: RecordActivity, now: datetime) -> str:
    """The act's id: that of the partner's record, or of the client's key, or a new one."""
    if command.source:
        return command.source.activity_id
    return ids.key_id(command.member_id, "activity", command.key) if command.key else ids.new_id(now)
