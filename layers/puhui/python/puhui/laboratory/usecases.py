"""Trying a draft: on cases at once, on the past acts of a programme shard by shard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from puhui.activities.api import CREDITED, Activities, acts_since
from puhui.kernel import clock, ids
from puhui.laboratory.errors import BehaviourNotThisMethodology, NothingToTry
from puhui.laboratory.model import DONE, Difference, Trial, behaviours_of, case_body, merge, tried
from puhui.laboratory.repository import Trials
from puhui.laboratory.shards import members_of
from puhui.ledger.api import Ledger
from puhui.methodologies import api as methodologies
from puhui.methodologies.api import Methodology
from puhui.programmes import api as programmes
from puhui.programmes.api import Behaviour


def start_trial(
    methodology_id: str,
    draft: Methodology,
    body: Mapping[str, Any],
    *,
    started_by: str,
    key: str | None,
    body_hash: str,
    trials: Trials,
    now: datetime,
) -> Trial:
    """Try a draft that was checked. With ``cases`` only it is done at once; with ``days`` the past acts follow, and the
    caller starts the state machine. The same key and body again give the same trial.

    Raises ProgrammeNotFound, BehaviourNotThisMethodology, NothingToTry, IdempotencyKeyReused.
    """
    days, cases = body.get("days", 0), tuple(body.get("cases", ()))
    if not days and not cases:
        raise NothingToTry
    trial = Trial(
        ids.key_id("trial", started_by, methodology_id, key) if key else ids.new_id(now),
        body["programme_id"],
        methodology_id,
        draft.document,
        days,
        clock.programme_day(now),
        cases,
        started_by,
        body_hash,
    )
    programme = programmes.programme(trial.programme_id)
    behaviours = behaviours_of(programme.behaviours.values(), methodology_id)
    if not behaviours:
        raise BehaviourNotThisMethodology(programme_id=programme.id, methodology_id=methodology_id)
    report = {"cases": [_case(n, case, draft, behaviours, trial) for n, case in enumerate(cases)]}
    return trials.add(
        replace(trial, report=report, status=DONE) if not days else replace(trial, report=report)
    )


def _case(
    position: int,
    case: Mapping[str, Any],
    draft: Methodology,
    behaviours: Mapping[str, Behaviour],
    trial: Trial,
) -> dict[str, Any]:
    programme = programmes.programme(trial.programme_id)
    behaviour = behaviours.get(case.get("behaviour", "")) or next(iter(behaviours.values()))
    day = clock.programme_day(clock.from_text(case["occurred_at"])) if "occurred_at" in case else trial.today
    published = methodologies.published(behaviour.methodology_id, behaviour.methodology_version)
    before = tried(published, programme, behaviour, case["quantity"], day, case.get("region"))
    after = tried(draft, programme, behaviour, case["quantity"], day, case.get("region"))
    return case_body(position, before, after)


def try_shard(
    trial_id: str, shard: int, *, trials: Trials, activities: Activities, ledger: Ledger
) -> Difference:
    """Try the draft on the past acts of one shard's members: one member in memory at a time."""
    trial = trials.find(trial_id)
    draft = methodologies.methodology_of(dict(trial.document))
    programme = programmes.programme(trial.programme_id)
    behaviours = behaviours_of(programme.behaviours.values(), trial.methodology_id)
    first = trial.today - timedelta(days=trial.days - 1)
    found = Difference()
    for member_id in members_of(shard, programme.id, ledger):
        acts = [
            (
                act.record["reduction_mg"],
                tried(draft, programme, behaviours[act.behaviour], act.quantity, act.day),
            )
            for act in acts_since(member_id, programme.id, first, activities)
            if act.status == CREDITED and act.behaviour in behaviours
        ]
        found.add_member(member_id, acts)
    trials.put_part(trial_id, shard, found)
    return found


def close_trial(trial_id: str, *, trials: Trials) -> Trial:
    """Put the shards' parts together."""
    trial = trials.find(trial_id)
    report = {**trial.report, "past": merge(trials.parts(trial_id)).body()}
    trials.close(trial_id, report)
    return replace(trial, status=DONE, report=report)


def trial_body(trial: Trial) -> dict[str, Any]:
    """The trial of the contract."""
    return {
        "id": trial.id,
        "status": trial.status,
        "methodology_id": trial.methodology_id,
        "programme_id": trial.programme_id,
        "days": trial.days,
        "report": dict(trial.report),
        **({"stopped": True} if trial.stopped else {}),
    }
