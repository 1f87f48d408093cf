"""An appeal as a pure value, and the rules of making and deciding it.

| state    | who moves it on, by which operation                      | to       | what follows |
|----------|----------------------------------------------------------|----------|--------------|
| (new)    | the act's member within APPEAL_WITHIN, ``appeal_activity`` | open   | it waits; verifiers and operators see it in ``list_appeals`` |
| open     | somebody who has not decided yet, ``decide_appeal``      | accepted | the act is credited, in the same transaction |
|          | the same                                                 | rejected | the decision stands |
|          | the same, where two are needed                           | open     | a proposal: another person decides, too |
|          | nobody until ``decide_by``, the schedule                 | lapsed   | the decision stands; its member may appeal once more |
| accepted |                                                          |          | |
| rejected |                                                          |          | |
| lapsed   | the act's member within APPEAL_WITHIN, once, ``appeal_activity`` | open | as a new one |
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from puhui.activities.acts.model import REFUSED, REPLACED_BY_RECORD, REVERSED, Activity
from puhui.activities.errors import (
    AppealDecided,
    AppealMade,
    AppealNotFound,
    AppealTooLate,
    ColleaguesReview,
    DecidedBefore,
    DecisionGiven,
    NothingToAppeal,
    OwnReview,
    ReasonRequired,
)
from puhui.activities.reviews.model import (
    APPROVE,
    FOUR_EYES_ABOVE_MG,
    REFUSE,
    Reviewer,
    Vote,
    settling,
)
from puhui.kernel import ids
from puhui.kernel.regions import widening

OPEN, ACCEPTED, REJECTED, LAPSED = "open", "accepted", "rejected", "lapsed"
APPEALABLE = (REFUSED, REVERSED)
APPEAL_WITHIN = timedelta(days=30)  # of the decision
DECIDE_WITHIN = timedelta(days=7)
ROUNDS_MAX = 2
NOT_DECIDED = "APPEAL_NOT_DECIDED"


@dataclass(frozen=True)
class Appeal:
    """A member's appeal. ``before`` is how the act had ended, with ``reason_code``, by the decision of ``decided_before``;
    ``credits_mg`` what it would give. ``rounds`` counts how often it was made."""

    id: str
    activity_id: str
    member_id: str
    programme_id: str
    behaviour: str
    before: str
    reason: str
    made_at: datetime
    decide_by: datetime
    reason_code: str = ""
    credits_mg: int = 0
    region: str = ""
    org: str = ""
    decided_before: tuple[str, ...] = ()
    evidence_ids: tuple[str, ...] = ()
    state: str = OPEN
    outcome_code: str = ""
    note: str = ""
    decided_at: datetime | None = None
    votes: tuple[Vote, ...] = ()
    rounds: int = 1
    version: int = 0

    @property
    def needs_two(self) -> bool:
        """Whether two people have to decide alike."""
        return self.credits_mg > FOUR_EYES_ABOVE_MG

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues in which it waits: that of all, its programme's, its region's and those that this one lies in."""
        return ("", self.programme_id, *widening(self.region))

    @property
    def place(self) -> str:
        """Where it is in a queue: what has to be decided first comes first."""
        return f"{int(self.decide_by.timestamp()):011}-{self.id}"

    def vote_of(self, member_id: str) -> Vote | None:
        """What somebody decided about it."""
        return next((vote for vote in self.votes if vote.by == member_id), None)


def appeal_id_of(activity_id: str, status: str) -> str:
    """The appeal against how an act ended: there is one."""
    return ids.key_id("appeal", activity_id, status)


def appeal_ids_of(activity_id: str) -> list[str]:
    """All the appeals that may be about an act."""
    return [appeal_id_of(activity_id, status) for status in APPEALABLE]


def require_appealable(activity: Activity, decided_at: datetime, now: datetime) -> None:
    """Raise NothingToAppeal unless something was decided against the act's member, AppealTooLate when that is too long ago."""
    if activity.status not in APPEALABLE or activity.reason_code == REPLACED_BY_RECORD:
        raise NothingToAppeal
    if now > decided_at + APPEAL_WITHIN:
        raise AppealTooLate(days=APPEAL_WITHIN.days)


def again(before: Appeal, wanted: Appeal) -> Appeal:
    """An appeal that lapsed, made once more. Raises AppealMade."""
    if before.state != LAPSED or before.rounds >= ROUNDS_MAX:
        raise AppealMade(state=before.state)
    return replace(wanted, rounds=before.rounds + 1, version=before.version)


def require_may_decide(appeal: Appeal, reviewer: Reviewer) -> None:
    """Raise what keeps somebody from deciding an appeal: AppealNotFound outside the role's programmes and regions, OwnReview,
    ColleaguesReview, DecidedBefore for whoever made the decision that it is against."""
    if not reviewer.scope.covers(appeal.programme_id, appeal.region):
        raise AppealNotFound
    if appeal.member_id == reviewer.id:
        raise OwnReview
    if appeal.org and appeal.org == reviewer.org:
        raise ColleaguesReview
    if reviewer.id in appeal.decided_before:
        raise DecidedBefore


def decided(appeal: Appeal, vote: Vote) -> Appeal:
    """The appeal after one more person has decided. Raises AppealDecided, DecisionGiven, ReasonRequired."""
    if appeal.state != OPEN:
        raise AppealDecided(state=appeal.state)
    if vote.decision == REFUSE and not vote.reason_code:
        raise ReasonRequired
    if appeal.vote_of(vote.by) is not None:
        raise DecisionGiven
    voted = replace(appeal, votes=(*appeal.votes, vote))
    if not settling(voted.votes, needs_two=appeal.needs_two):
        return voted
    state = ACCEPTED if vote.decision == APPROVE else REJECTED
    return replace(voted, state=state, outcome_code=vote.reason_code, note=vote.note, decided_at=vote.at)


def lapsed(appeal: Appeal, now: datetime) -> Appeal:
    """The appeal when nobody decided it in time; one that is decided, or has time left, as it is."""
    if appeal.state != OPEN or now < appeal.decide_by:
        return appeal
    return replace(appeal, state=LAPSED, outcome_code=NOT_DECIDED, decided_at=now)
