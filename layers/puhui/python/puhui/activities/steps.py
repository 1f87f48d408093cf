"""Steps from WeRun: upserted by day, only the increase is credited, and a day's steps count in one programme.

Where the programme lets acts be collected, a day's walk is one act that matures: it grows with the day until it is
collected or expires.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from puhui.activities.acts import credit
from puhui.activities.acts.days import NO_TIME, Day, Entry, fit, fit_walk
from puhui.activities.acts.model import CREDITED, HELD, MATURING, REFUSED, VERIFYING, Activity
from puhui.activities.errors import (
    CapReached,
    ClaimedElsewhere,
    ClaimExpired,
    NothingToCredit,
    OccurredInFuture,
    OccurredTooLongAgo,
)
from puhui.activities.memberships import require_member
from puhui.activities.risk import features
from puhui.activities.risk.engine import CREDIT, HOLD, REFUSE, REVIEW, Assessment, assess
from puhui.activities.risk.records import copied_days
from puhui.activities.settling.holding import held_for
from puhui.activities.tables import Tables
from puhui.kernel import clock, ids
from puhui.kernel.grades import STEPS
from puhui.ledger.api import (
    Balance,
    Hold,
    HoldNotFound,
    Transfer,
    add_with_holds,
    balance_from,
    member,
    of,
)
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.programmes.api import Behaviour, Programme
from puhui.store.session import Session

BEHAVIOUR = "walking"
CLAIMED_ELSEWHERE, CLAIM_EXPIRED = ClaimedElsewhere.code, ClaimExpired.code
CLAIM_CLOSED = "CLAIM_CLOSED"  # the day's walk was collected, or expired, before it grew, or waits by a rule that is over
CAP_REACHED = CapReached.code
IMPLAUSIBLE = "STEPS_IMPLAUSIBLE"
WALK_COUNTED = "WALK_COUNTED"  # the day's walks with a track gave what its steps would give
UNUSUAL = "STEPS_UNUSUAL"  # held, or looked at by a person, before they count; or they grew faster than anybody walks
WERUN_HISTORY_DAYS = 31  # what WeRun gives; the only acts that may lie before the member's first day


@dataclass
class _Sync:
    """One sync while it is worked out."""

    programme: Programme
    behaviour: Behaviour
    member_id: str
    balance: Balance
    now: datetime
    joins: bool
    transfers: list[Transfer] = field(default_factory=list)
    opened: list[Hold] = field(default_factory=list)
    resized: list[tuple[Hold, Hold]] = field(default_factory=list)
    same_days: int = 0  # that have exactly as many steps as each other
    copied_days: int = 0  # that have exactly as many as one other account's

    @property
    def collects(self) -> bool:
        return self.programme.claim.rule == "collect"

    def joins_now(self) -> bool:
        """Whether the next act is the first one in the programme: one is enough to say so."""
        first, self.joins = self.joins, False
        return first


def sync_steps(
    member_id: str,
    programme_id: str,
    steps: Sequence[tuple[date, int]],
    *,
    key: str | None,
    body_hash: str,
    tables: Tables,
    now: datetime,
) -> dict[str, Any]:
    """Credit what the days' steps add to what was credited before; the answer of the contract.

    A day's number can only grow, so that the same steps again add nothing. One read and one transaction of at most
    3 items a day, the balance and the stored answer. What is wrong with a day is said of that day.

    Raises ProgrammeNotFound, BehaviourUnknown, NotAMember, IdempotencyKeyReused.
    """
    programme = programmes.programme(programme_id)
    behaviour = programmes.behaviour(programme, BEHAVIOUR)
    answer_id = ids.key_id(member_id, "steps", key) if key else ""

    def build(session: Session) -> dict[str, Any]:
        return _add(session, programme, behaviour, member_id, steps, tables, now)

    return tables.activities.answers.once(f"member:{member_id}", answer_id, body_hash, build)


def activity_id_of(member_id: str, programme_id: str, day: date) -> str:
    """The activity that a day's walk always is."""
    return ids.key_id(member_id, programme_id, BEHAVIOUR, day.isoformat())


def _add(
    session: Session,
    programme: Programme,
    behaviour: Behaviour,
    member_id: str,
    steps: Sequence[tuple[date, int]],
    tables: Tables,
    now: datetime,
) -> dict[str, Any]:
    programme.require_open(now)
    activities, ledger, owner = tables.activities, tables.ledger, member(member_id)
    found = ledger.dynamodb.get_all(
        [
            *(activities.risk.steps_key(day, count) for day, count in steps),
            *(activities.days.key(member_id, day) for day, _ in steps),
            activities.memberships.key(member_id, programme.id),
            ledger.balance_key(owner, programme.id),
        ]
    )
    walked, (*day_items, membership, balance_item) = found[: len(steps)], found[len(steps) :]
    balance = balance_from(owner, programme.id, balance_item)
    sync = _Sync(programme, behaviour, member_id, balance, now, require_member(membership, programme.id))
    sync.same_days = features.same_step_days([count for _, count in steps])
    sync.copied_days = copied_days(walked, member_id)
    days = [
        _day(session, sync, activities.days.read(member_id, day, item), count, tables)
        for (day, count), item in zip(steps, day_items, strict=True)
    ]
    if sync.transfers or sync.opened or sync.resized:
        add_with_holds(
            session,
            sync.transfers,
            of([balance]),
            opened=sync.opened,
            resized=sync.resized,
            ledger=ledger,
            now=now,
        )
    return {
        "programme_id": programme.id,
        "days": days,
        "credits_mg": sum(day["credits_mg"] for day in days),
        "points": sum(day["points"] for day in days),
    }


def _day(session: Session, sync: _Sync, day: Day, steps: int, tables: Tables) -> dict[str, Any]:
    """One day's share of the sync: what it adds to the session, and what the answer says of it."""
    answer: dict[str, Any] = {
        "date": day.day.isoformat(),
        "steps": max(0, steps),
        "credits_mg": 0,
        "points": 0,
    }
    before = day.walking()
    if before and before.programme_id != sync.programme.id:
        return {**answer, "reason_code": CLAIMED_ELSEWHERE}
    activity_id = activity_id_of(sync.member_id, sync.programme.id, day.day)
    if before:
        answer["activity_id"] = activity_id
    if reason := _not_counted(day.day, steps, sync):
        return {**answer, "reason_code": reason}
    if steps == 0 or (before and steps <= before.quantity):
        return {**answer, "steps": max(steps, before.quantity if before else 0)}
    try:
        quantified = methodologies.quantify(sync.programme, sync.behaviour, {"steps": steps}, day.day)
    except (methodologies.QuantityInvalid, methodologies.QuantityImplausible):
        return {**answer, "reason_code": IMPLAUSIBLE}
    gives = sync.behaviour.gives(STEPS)
    try:
        counted = credit.counted(quantified, sync.programme, gives)
    except NothingToCredit:
        return {**answer, "reason_code": NothingToCredit.code}
    mass = 0 if counted.record_only else quantified.reduction_mg
    wanted = Entry(activity_id, sync.programme.id, BEHAVIOUR, NO_TIME, NO_TIME, mass, 1, steps, grade=STEPS)
    entry = wanted if counted.record_only else _fitted(day, wanted, sync.behaviour)
    if entry.mg == 0 < mass:
        return {**answer, "reason_code": WALK_COUNTED}
    earlier = tables.activities.acts.find(sync.member_id, activity_id) if before else None
    activity = Activity(
        id=activity_id,
        member_id=sync.member_id,
        programme_id=sync.programme.id,
        behaviour=BEHAVIOUR,
        status=CREDITED,
        occurred_at=clock.day_start(day.day),
        recorded_at=sync.now,
        quantity={"steps": steps},
        credits_mg=entry.mg,
        points=0,
        record=credit.record_of(quantified, sync.programme, sync.behaviour, STEPS),
        points_only=counted.points_only,
        grade=STEPS,
    )
    after = day.with_entry(entry)
    change = _write(session, sync, activity, earlier, counted, after, tables)
    if change is None:
        return answer
    if "reason_code" in change:
        return {**answer, **change}
    tables.activities.days.put(session, after)
    answer |= {"activity_id": activity_id, **change}
    return {**answer, "reason_code": CAP_REACHED} if entry.mg < mass else answer


def _write(
    session: Session,
    sync: _Sync,
    activity: Activity,
    earlier: Activity | None,
    counted: credit.Counted,
    day: Day,
    tables: Tables,
) -> dict[str, Any] | None:
    """Write a day's walk as its risk allows; what the answer says of that, None where nothing is to be written. A walk that waits does
    not grow, and one that grew faster than anybody walks grows when it is synced again later."""
    activity, assessed = _assess(sync, activity, earlier)
    waits = sync.collects and not counted.record_only
    if earlier and earlier.status in (HELD, VERIFYING, REFUSED):
        return {"reason_code": earlier.reason_code or UNUSUAL}
    if earlier and (earlier.status != (MATURING if waits else CREDITED) or (waits and earlier.settles_at)):
        return {"reason_code": CLAIM_CLOSED}
    if earlier and _stays(earlier, activity):
        return None
    if assessed.band == REFUSE or (assessed.band != CREDIT and not counted.record_only):
        reason = {"reason_code": assessed.reason_code or UNUSUAL}
        if earlier is not None:
            return reason
        _wait(session, sync, activity, assessed, day, tables)
        return {"activity_id": activity.id, **reason}
    return (_mature if waits else _credit)(session, sync, activity, earlier, tables)


def _assess(sync: _Sync, activity: Activity, earlier: Activity | None) -> tuple[Activity, Assessment]:
    """How much of a risk a day's steps are, as they grew since they were synced before; and the walk with the rules that fired."""
    found = assess(
        features.of_steps(
            activity.quantity["steps"],
            earlier.quantity["steps"] if earlier else 0,
            earlier.recorded_at if earlier else None,
            sync.now,
            same_days=sync.same_days,
            copied_days=sync.copied_days,
            behaviour=BEHAVIOUR,
        )
    )
    before = earlier or activity
    rules, shadows = {*before.rules, *found.rules}, {*before.shadows, *found.shadows}
    return replace(activity, rules=tuple(sorted(rules)), shadows=tuple(sorted(shadows))), found


def _wait(
    session: Session, sync: _Sync, activity: Activity, assessed: Assessment, day: Day, tables: Tables
) -> None:
    """Write a day's walk that is held, looked at by a person, or refused."""
    activities = tables.activities
    status = {HOLD: HELD, REVIEW: VERIFYING, REFUSE: REFUSED}[assessed.band]
    activity = replace(activity, status=status, first_status=status, joins=sync.joins_now())
    if status == REFUSED:
        activities.acts.put_walk(
            session, None, replace(activity, credits_mg=0, reason_code=assessed.reason_code)
        )
        activities.days.put(session, day.without(activity.id))
        return
    activity = activity.held(sync.programme.hold_days, sync.now) if status == HELD else activity
    activities.acts.put_walk(session, None, activity)
    activities.days.put(session, day)
    if activity.credits_mg:
        sync.opened.append(held_for(activity, sync.programme, sync.now))


def _not_counted(day: date, steps: int, sync: _Sync) -> str:
    """Why a day counts nothing whatever it had before; "" when it may. A fault of one day is no other day's."""
    today = clock.programme_day(sync.now)
    if day > clock.programme_day(sync.now + clock.CLOCK_SKEW):
        return OccurredInFuture.code
    if day < today - timedelta(days=WERUN_HISTORY_DAYS):
        return OccurredTooLongAgo.code
    return "" if 0 <= steps <= sync.behaviour.bounds[sync.behaviour.measure][1] else IMPLAUSIBLE


def _stays(earlier: Activity, grown: Activity) -> bool:
    """Whether a walk keeps its record whatever was walked since: by the factor or the cap of now it would give less than it did,
    it would count as something else than it did, or a correction has settled it."""
    counts_alike = earlier.points_only == grown.points_only or earlier.credits_mg == 0
    return grown.credits_mg < earlier.credits_mg or not counts_alike or bool(earlier.correction)


def _credit(
    session: Session, sync: _Sync, activity: Activity, earlier: Activity | None, tables: Tables
) -> dict[str, Any]:
    """Write a day's walk and credit what it grew by; what the answer says of that."""
    gained = activity.credits_mg - (earlier.credits_mg if earlier else 0)
    transfer_id, points = _transfer(sync, activity, gained)
    activity = replace(
        activity,
        points=points + (earlier.points if earlier else 0),
        entry_id=transfer_id or (earlier.entry_id if earlier else ""),
        joins=sync.joins_now(),
    )
    tables.activities.acts.put_walk(session, earlier, activity)
    return {"credits_mg": 0 if activity.points_only else gained, "points": points}


def _mature(
    session: Session, sync: _Sync, activity: Activity, earlier: Activity | None, tables: Tables
) -> dict[str, Any]:
    """Write a day's walk that waits to be collected, and hold what it will give; what the answer says of that."""
    matured_at, collect_by = sync.programme.claim.times(activity.occurred_at)
    if collect_by <= sync.now:
        return {"reason_code": CLAIM_EXPIRED}
    activity = replace(
        activity, status=MATURING, first_status=MATURING, matured_at=matured_at, collect_by=collect_by
    )
    if earlier is None:
        tables.activities.acts.put_walk(session, None, replace(activity, joins=sync.joins_now()))
        sync.opened.append(held_for(activity, sync.programme, sync.now))
    else:
        held = tables.ledger.hold(member(sync.member_id), activity.id)
        if held is None:
            raise HoldNotFound
        grown = replace(activity, shared_mg=earlier.shared_mg)
        tables.activities.acts.change_claim(session, earlier, grown)
        if grown.credits_mg > earlier.credits_mg:
            rest = replace(grown, credits_mg=grown.credits_mg - grown.shared_mg)
            sync.resized.append((held, replace(held_for(rest, sync.programme, sync.now), id=held.id)))
    gained = activity.credits_mg - (earlier.credits_mg if earlier else 0)
    return {
        "credits_mg": 0 if activity.points_only else gained,
        "matured_at": clock.to_text(matured_at),
        "collect_by": clock.to_text(collect_by),
    }


def _fitted(day: Day, wanted: Entry, behaviour: Behaviour) -> Entry:
    """The walk within its caps, counted anew: what it had before does not count against it."""
    return fit_walk(day, fit(day.without(wanted.activity_id), wanted, behaviour.caps))


def _transfer(sync: _Sync, activity: Activity, gained: int) -> tuple[str, int]:
    """Add the transfer of a day's increase; its id and the points it brings (none when nothing was gained)."""
    if gained == 0:
        return "", 0
    transfer_id = ids.derived_id(sync.now, activity.id, str(activity.quantity["steps"]))
    balance = replace(sync.balance, amounts=_after(sync))
    transfer, points = credit.crediting(
        sync.programme,
        sync.member_id,
        gained,
        activity.day,
        balance,
        transfer_id,
        activity.id,
        sync.now,
        points_only=activity.points_only,
    )
    sync.transfers.append(transfer)
    return transfer_id, points


def _after(sync: _Sync) -> dict[str, int]:
    """The member's credits after the transfers worked out so far: leftovers under a point add up over the days."""
    amounts = dict(sync.balance.amounts)
    owner = member(sync.member_id)
    for transfer in sync.transfers:
        for leg in transfer.legs:
            if leg.account == owner and leg.asset.startswith(("CO2E:", "UNV:")):
                kind = "credits" if leg.asset.startswith("CO2E:") else "unverified"
                name = f"{kind}_{leg.asset.rpartition(':')[2]}"
                amounts[name] = amounts.get(name, 0) + leg.amount
    return amounts
