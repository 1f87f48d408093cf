"""An act as a pure value, and the states that it goes through.

| status     | who moves it on, by which operation                         | to                            | what the member sees |
|------------|-------------------------------------------------------------|-------------------------------|----------------------|
| (new)      | its member or a data partner, ``record_activity``;          | credited, maturing, verifying | |
|            | ``sync_steps`` for a walk                                   | by its risk: held, refused    | |
| verifying  | the verification, ``credit_activity``                       | credited, maturing            | verifying: credits are held |
|            | the verification or a verifier, ``refuse_activity``         | refused                       | |
|            | nobody decided in time, ``refuse_activity``                 | expired (REVIEW_EXPIRED)      | |
|            | the verification, at some risk, ``credit_activity``         | held                          | |
| held       | the schedule from ``settles_at`` on, ``settle``             | credited, maturing, verifying | pending, until ``settles_at`` |
|            | an officer before it is settled, ``void_activity``          | refused                       | |
| maturing   | its member from ``matured_at`` on, ``collect_activity``     | credited                      | maturing; from ``matured_at`` on pending |
|            | a friend, ``collect_activity`` with ``owner_id``            | maturing, ``shared_mg`` grows | the same, ``taken_mg`` grows |
|            | the schedule or who comes after ``collect_by``, ``expire``  | expired (NOT_COLLECTED)       | from ``collect_by`` on expired |
| credited   | an approved correction of a factor, once                    | credited                      | credited, with the corrected number |
|            | two people, ``decide_review`` of a reversal                 | reversed                      | |
| refused    | an accepted appeal, ``decide_appeal``                       | credited                      | refused, with its reason and how its appeal stands |
| reversed   | an accepted appeal, ``decide_appeal``                       | credited                      | reversed, the same |
| expired    |                                                             |                               | expired, with its reason |

``pending`` is never stored: ``as_of`` derives it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.grades import SELF_DECLARED

VERIFYING, CREDITED, REFUSED, EXPIRED = "verifying", "credited", "refused", "expired"
REVERSED = "reversed"  # credited once, and taken back by two people
HELD = "held"  # members see it as pending, with when it is settled
MATURING, PENDING = "maturing", "pending"  # pending is what a maturing act is called from matured_at on
WALKING, WALKING_TRIP = "walking", "walking_trip"  # a day's steps; a walk that a track shows
NOT_COLLECTED = "NOT_COLLECTED"
REPLACED_BY_RECORD = "REPLACED_BY_RECORD"  # a partner's record of the same trip took its place
SELF_DECLARED_LIMIT = "SELF_DECLARED_LIMIT"  # on record, and nothing more: mere word gives no more that day
_OF_RECORD = "R"  # the first letter of an act that a partner's record is; ids of time begin with 0 to 7


@dataclass(frozen=True)
class PartnerRecord:
    """A data partner's own name of one act: it makes one act, whatever is sent again, for whomever."""

    partner_id: str
    record_id: str
    brought_by: str = ""  # the batch or file

    @property
    def activity_id(self) -> str:
        """The id of the act that this record is."""
        return _OF_RECORD + ids.key_id(self.partner_id, "record", self.record_id)[1:]


def is_of_record(activity_id: str) -> bool:
    """Whether the act is a partner's record: its item has the record's own key, so that no other member can have it too."""
    return activity_id.startswith(_OF_RECORD)


@dataclass(frozen=True)
class Activity:
    """One act of a member. Mass in mg of CO2 equivalent; ``record`` is what its explanation is rebuilt from.

    ``credits_mg`` is what the act gives, whoever gets the points. Of an act that is to be collected friends have collected
    ``shared_mg``; when nobody came, ``expired_mg`` of it was never credited. ``household`` counted it among its own.
    ``joins``: its member was not in the programme before. ``grade``: what shows it (``kernel.grades``); ``partner_id``: who sent it,
    where a data partner did, and ``brought_by`` in which batch or file.
    """

    id: str
    member_id: str
    programme_id: str
    behaviour: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    quantity: Mapping[str, Any]
    credits_mg: int
    points: int
    record: Mapping[str, Any]
    body_hash: str = ""
    first_status: str = CREDITED
    evidence_ids: tuple[str, ...] = ()
    entry_id: str = ""
    reason_code: str = ""
    note: str = ""  # what the verifier who refused it wrote to its member
    matured_at: datetime | None = None
    collect_by: datetime | None = None
    shared_mg: int = 0
    expired_mg: int = 0
    household: str = ""
    joins: bool = False
    ended_at: datetime | None = None  # as its member reported it
    signals: tuple[str, ...] = ()  # what asked for a second look when it was recorded
    points_only: bool = False  # factors or evidence are too weak for credits: its mg only count for points
    correction: Mapping[str, Any] = field(default_factory=dict)  # what a corrected factor changed, and why
    grade: str = SELF_DECLARED
    partner_id: str = ""
    brought_by: str = ""
    meter: Mapping[str, Any] = field(default_factory=dict)  # {"id": its keyed hash, "reading"}
    track: Mapping[str, Any] = field(default_factory=dict)  # what was measured of it; tracks/trips.py
    reversal: Mapping[str, Any] = field(default_factory=dict)  # what two people took back of it, and why
    appeal: Mapping[str, Any] = field(default_factory=dict)  # its member's appeal, and how it ended
    settles_at: datetime | None = None  # it is, or was, held until then
    rules: tuple[str, ...] = ()  # the risk rules that fired, with their versions; no member sees them
    shadows: tuple[str, ...] = ()  # likewise those that were only watched
    device: str = ""  # keyed hash of what its client calls the device
    address: str = ""  # from where it was sent, only while it waits: the platform's risk rank asks for it
    voiding: Mapping[str, Any] = field(default_factory=dict)  # who voided a held act, or proposed it, and why

    @property
    def day(self) -> date:
        """The programme's day on which it happened."""
        return clock.programme_day(self.occurred_at)

    @property
    def waits_since(self) -> datetime:
        """Since when it is verified: since it was recorded, or since it was to be settled."""
        return self.settles_at or self.recorded_at

    def as_of(self, now: datetime) -> "Activity":
        """The act as members see it ``now``: what matured is pending, what nobody collected has expired."""
        if self.status != MATURING or self.matured_at is None or self.collect_by is None:
            return self
        if now >= self.collect_by:
            return self.expired()
        return replace(self, status=PENDING) if now >= self.matured_at else self

    def held(self, days: int, now: datetime) -> "Activity":
        """The act, to be settled that many days from now."""
        return replace(self, status=HELD, settles_at=now.replace(microsecond=0) + timedelta(days=days))

    def as_first_answered(self) -> "Activity":
        """The act as the first answer said it, whatever became of it since."""
        if self.first_status == REFUSED or self.status == self.first_status == CREDITED:
            return self
        first = replace(
            self,
            status=self.first_status,
            credits_mg=self.credits_mg + self.expired_mg,
            points=0,
            entry_id="",
            reason_code="",
            note="",
            shared_mg=0,
            expired_mg=0,
        )
        if self.first_status == CREDITED:  # it was taken back since
            gave = self.reversal or {"from_mg": 0, "points": 0, "entry_id": ""}
            return replace(
                first, credits_mg=gave["from_mg"], points=gave["points"], entry_id=gave.get("entry_id", "")
            )
        if self.first_status == VERIFYING:
            return replace(first, matured_at=None, collect_by=None, settles_at=None)
        return replace(first, matured_at=None, collect_by=None) if self.first_status == HELD else first

    def expired(self) -> "Activity":
        """The act when nobody collected it in time: only what friends collected of it was credited."""
        return replace(
            self,
            status=EXPIRED,
            reason_code=NOT_COLLECTED,
            credits_mg=self.shared_mg,
            expired_mg=self.credits_mg - self.shared_mg,
        )


@dataclass(frozen=True)
class Decision:
    """How the verification of an act ended, or what became of it afterwards: ``after`` is the appeal or the reversal by which it did.
    ``transfer_id`` is that of its credits, if it got any."""

    activity_id: str
    member_id: str
    programme_id: str
    behaviour: str
    status: str
    credits_mg: int
    points: int
    reason_code: str
    transfer_id: str
    after: str = ""
