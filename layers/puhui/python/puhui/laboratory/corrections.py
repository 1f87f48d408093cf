"""Correcting a published factor: every act that was counted by it gets a compensating transfer, and an explanation.

A correction is proposed by one person and approved by another. It names the record that was wrong and the one that takes its
place (both published, both of one quantity), a programme and the days of the acts it is about. Settled acts keep their record:
the transfer and the act's ``correction`` say what changed and why; its explanation shows the corrected figures with it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from puhui.activities.api import (
    CREDITED,
    Activities,
    Activity,
    AlreadyCorrected,
    acts_since,
    crediting,
    programme_of,
)
from puhui.kernel import approvals, clock, ids
from puhui.kernel.approvals import Approval
from puhui.laboratory.errors import (
    CorrectionClosed,
    FactorsDiffer,
    FactorUnknown,
    NoSuchDay,
)
from puhui.laboratory.model import RUNNING, Corrected, Correction
from puhui.laboratory.repository import Laboratory
from puhui.laboratory.shards import members_of
from puhui.ledger.api import Balance, Ledger, Leg, Transfer, credits, member, of, points
from puhui.methodologies import api as methodologies
from puhui.programmes import api as programmes
from puhui.programmes.api import Programme
from puhui.store.session import Session, attempt

KIND = "correction"


def day_of(text: str) -> date:
    """The day that is meant. Raises NoSuchDay."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NoSuchDay(day=text) from None


def check(correction: Correction) -> None:
    """Raise FactorUnknown or FactorsDiffer unless the one record can take the other's place; NoSuchDay, ProgrammeNotFound."""
    if correction.first > correction.last:
        raise NoSuchDay(day=f"{correction.first} > {correction.last}")
    wrong, right = _factor(correction.factor), _factor(correction.replacement)
    alike = wrong.quantity == right.quantity and wrong.unit.dimensions == right.unit.dimensions
    if not alike or wrong == right or (wrong.credits_allowed and not right.credits_allowed):
        raise FactorsDiffer(factor=correction.factor, replacement=correction.replacement)
    programmes.programme(correction.programme_id)


def _factor(key: str) -> methodologies.Factor:
    if (found := methodologies.factor(key)) is None:
        raise FactorUnknown(factor=key)
    return found


def approve(correction: Correction, approver: str, now: datetime) -> Correction:
    """The correction, approved; as it was for who approved it before. Raises ProposerMayNotApprove, CorrectionClosed."""
    given: tuple[Approval, ...] = ()
    if correction.approved_at:
        given = (Approval(correction.approved_by, correction.approved_at),)
    at = now.replace(microsecond=0)
    after = approvals.approve(
        given, approver, at, authors=[correction.proposed_by], closed=CorrectionClosed()
    )
    if after is given:
        return correction
    return replace(correction, status=RUNNING, approved_by=approver, approved_at=at)


def new_mass(act: Activity, correction: Correction) -> int:
    """What the act would have given by the replacement, in mg: no more than its caps on mass, and where one had cut it no
    more than it gave."""
    reduction: int = act.record["reduction_mg"]
    record = methodologies.corrected(act.record, correction.factor, correction.replacement)
    made: int = record["reduction_mg"]
    if act.credits_mg < reduction:
        return min(made, act.credits_mg)
    limits: list[int] = [limit for name, limit in record["caps"].items() if name.endswith(":mg")]
    return min([made, *limits])


def compensating(
    act: Activity,
    mass: int,
    programme: Programme,
    balance: Balance,
    transfer_id: str,
    at: datetime,
    now: datetime,
) -> tuple[Transfer, int, int]:
    """The transfer that makes the act worth ``mass``; the points it brings (below zero: takes), and those that it could not
    take because they were spent.

    What is added is credited as any act is. What was too much goes back to issuance: the grams from the pool that has
    them, or from the member where the programme has no points; and whole points as far as they are still there.
    """
    owner, asset = member(act.member_id), credits(programme.id, act.day.year)
    issuance, rate = f"issuance:{programme.id}", programme.points
    delta = mass - act.credits_mg
    if delta > 0:
        transfer, brought = crediting(
            programme, act.member_id, delta, act.day, balance, transfer_id, act.id, at
        )
        return replace(transfer, kind=KIND), brought, 0
    if rate is None:
        taken = min(-delta, balance.credits_of(act.day.year))
        legs: tuple[Leg, ...] = (Leg(owner, asset, -taken), Leg(issuance, asset, taken))
        return Transfer(transfer_id, KIND, at, legs, act.id, home=owner), 0, 0
    wanted = min(-delta // rate.mg_per_point, act.points)
    here = min(wanted, balance.points(clock.programme_day(now)))
    legs = (Leg(f"pool:{programme.id}", asset, delta), Leg(issuance, asset, -delta))
    if here:
        legs += (Leg(owner, points(programme.id), -here), Leg(issuance, points(programme.id), here))
    return Transfer(transfer_id, KIND, at, legs, act.id, home=owner), -here, wanted - here


@dataclass(frozen=True)
class Tables:
    """What a correction reads and writes."""

    activities: Activities
    ledger: Ledger
    laboratory: Laboratory


def correct_shard(correction: Correction, shard: int, *, tables: Tables, now: datetime) -> int:
    """Correct the acts of one shard's members; how many were corrected. Doing it again changes nothing more."""
    programme = programmes.programme(correction.programme_id)
    count = 0
    for member_id in members_of(shard, programme.id, tables.ledger):
        for act in acts_since(member_id, programme.id, correction.first, tables.activities):
            if _is_concerned(act, correction):
                count += _correct(act, correction, shard, tables, now)
    return count


def _is_concerned(act: Activity, correction: Correction) -> bool:
    counted = act.status == CREDITED and not act.correction and not act.points_only
    return counted and act.day <= correction.last and correction.factor in act.record["factors"]


def _correct(listed: Activity, correction: Correction, shard: int, tables: Tables, now: datetime) -> bool:
    """Correct one act as it is at the moment of writing: a walk may have grown since it was listed."""

    def build(session: Session) -> bool:
        for act in tables.activities.acts.find_all(listed.member_id, [listed.id]):
            if _is_concerned(act, correction) and (mass := new_mass(act, correction)) != act.credits_mg:
                _add_correction(session, act, mass, correction, shard, tables, now)
                return True
        return False

    try:
        return attempt(tables.ledger.dynamodb, build)
    except AlreadyCorrected:
        return False


def _add_correction(
    session: Session,
    act: Activity,
    mass: int,
    correction: Correction,
    shard: int,
    tables: Tables,
    now: datetime,
) -> None:
    programme, at = programme_of(act), correction.approved_at or now
    balance = tables.ledger.balance(member(act.member_id), programme.id)
    transfer_id = ids.derived_id(at, correction.id, act.id)
    transfer, brought, missing = compensating(act, mass, programme, balance, transfer_id, at, now)
    record = {
        "id": correction.id,
        "at": clock.to_text(at),
        "factor": correction.factor,
        "replacement": correction.replacement,
        "reason": correction.reason,
        "from_mg": act.credits_mg,
        "to_mg": mass,
        "points": brought,
        "transfer_id": transfer_id,
    }
    tables.activities.acts.add_correction(session, act, mass, act.points + brought, record)
    tables.ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
    change = mass - act.credits_mg
    done = Corrected(1, max(0, change), max(0, -change), brought, missing)
    tables.laboratory.corrections.add_corrected(session, correction.id, shard, done)


def correction_body(correction: Correction) -> dict[str, Any]:
    """The correction of the contract."""
    body: dict[str, Any] = {
        "id": correction.id,
        "status": correction.status,
        "programme_id": correction.programme_id,
        "factor": correction.factor,
        "replacement": correction.replacement,
        "from": correction.first.isoformat(),
        "to": correction.last.isoformat(),
        "reason": correction.reason,
    }
    body |= {"stopped": True} if correction.stopped else {}
    return body | ({"report": dict(correction.report)} if correction.report is not None else {})
