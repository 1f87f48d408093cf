"""The life cycle of a version of a methodology or a factor: who may do what, when. Pure rules on values.

| status     | who moves it on, by which operation (of a factor: ``..._factor``)      | to         | what the public sees |
|------------|------------------------------------------------------------------------|------------|----------------------|
| (new)      | its author, ``file_methodology``                                       | draft      | nothing |
| draft      | enough reviewers (``levels.json``), ``review_methodology``             | approved   | nothing |
|            | a reviewer who refuses, with a note                                    | refused    | nothing |
| refused    | its author, by filing another document; earlier reviews count no more  | draft      | nothing |
| approved   | a publisher who read it, ``publish_methodology``                       | published  | the version; new acts can be counted by it |
|            | a reviewer who refuses after all                                       | refused    | nothing |
| published  | whoever publishes a later version                                      | superseded | the version, and which one took its place |
|            | a publisher, ``withdraw_methodology``                                  | withdrawn  | the version, and why; it counts no new acts |
| superseded | a publisher, ``withdraw_methodology``                                  | withdrawn  | the same |
| withdrawn  |                                                                        |            | it explains old acts for ever |

Its author may file another document in place of a draft.
Nobody does two steps of one version where ``levels.json`` says so, and its author never reviews or publishes it,
whatever roles that person has. A step that was done before by the same person on the same document changes nothing.
From ``approved`` on the document is fixed.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from puhui.kernel.documents import Text
from puhui.kernel.regions import widening
from puhui.methodologies.errors import (
    AuthorMayNotPublish,
    AuthorMayNotReview,
    HistoryFull,
    JurisdictionUnknown,
    LevelNotYours,
    NoteRequired,
    ReviewerMayNotPublish,
    StepOutOfTurn,
    VersionChanged,
    VersionFixed,
    VersionNotNewer,
    VersionTaken,
)

DRAFT, APPROVED, REFUSED = "draft", "approved", "refused"
PUBLISHED, SUPERSEDED, WITHDRAWN = "published", "superseded", "withdrawn"
PUBLIC = frozenset({PUBLISHED, SUPERSEDED, WITHDRAWN})  # what anyone may read, and what never changes again
FILED = "filed"
STEPS_MAX = 100  # of filing and reviewing; publication and withdrawal are always possible
_LEVELS = os.path.join(os.path.dirname(__file__), "levels.json")  # noqa: PTH118, PTH120 as in registry.py
_NUMBERS = re.compile(r"([0-9]+)")

Decision = Literal["approve", "refuse"]


@dataclass(frozen=True, slots=True)
class Officer:
    """Who acts, and in which roles."""

    id: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Levels:
    """Who does which step in a jurisdiction, and how many approvals a draft needs."""

    jurisdiction: str
    file: frozenset[str]
    review: frozenset[str]
    publish: frozenset[str]
    approvals: int
    reviewer_may_publish: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a version's history: ``what`` it became or was (``filed``, ``approved``, ...), by whom, when, why.
    ``hash`` is that of the document as it stood."""

    what: str
    by: str
    at: datetime
    hash: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version on its way, without its document. ``revision`` counts its writes: 0 for one that was never stored.
    ``warnings``: what looked odd when the present document was filed."""

    id: str
    version: str
    name: Text
    hash: str
    jurisdiction: str
    author: str
    status: str = DRAFT
    history: tuple[Step, ...] = field(default=())
    revision: int = 0
    warnings: tuple[Mapping[str, Any], ...] = ()

    @property
    def key(self) -> str:
        """How records refer to it: ``id@version``."""
        return f"{self.id}@{self.version}"

    @property
    def since_filed(self) -> tuple[Step, ...]:
        """The steps that the present document has seen, its filing first."""
        filed = [position for position, step in enumerate(self.history) if step.what == FILED]
        return self.history[filed[-1] :]

    @property
    def approvers(self) -> frozenset[str]:
        """Who approved the present document."""
        return frozenset(step.by for step in self.since_filed if step.what == APPROVED)

    @property
    def reviewers(self) -> frozenset[str]:
        """Who reviewed it, whatever it was at that time."""
        return frozenset(step.by for step in self.history if step.what in (APPROVED, REFUSED))

    def step(self, what: str) -> Step | None:
        """The last step of a kind."""
        return next((step for step in reversed(self.history) if step.what == what), None)


def levels(jurisdiction: str) -> Levels:
    """The nearest region's levels: ``CN-GD-GZ``, ``CN-GD``, then ``CN``. Raises JurisdictionUnknown."""
    for place in widening(jurisdiction):
        if place in _levels():
            return _levels()[place]
    raise JurisdictionUnknown(jurisdiction=jurisdiction)


def file(existing: Version | None, proposed: Version, officer: Officer, at: datetime) -> Version:
    """The draft, as ``officer`` files it: new, or in place of that person's own draft or refused document.

    The same document again changes nothing. Raises LevelNotYours, VersionTaken, VersionFixed, HistoryFull.
    """
    _require(officer, "file", levels(proposed.jurisdiction).file, proposed.jurisdiction)
    if existing is None:
        return _after(proposed, FILED, officer, at, status=DRAFT)
    if existing.author != officer.id:
        raise VersionFixed(status=existing.status) if existing.status in PUBLIC else VersionTaken
    if (existing.hash, existing.jurisdiction) == (proposed.hash, proposed.jurisdiction):
        return existing
    if existing.status not in (DRAFT, REFUSED):
        raise VersionFixed(status=existing.status)
    _require_room(existing)
    changed = replace(
        existing,
        name=proposed.name,
        hash=proposed.hash,
        jurisdiction=proposed.jurisdiction,
        warnings=proposed.warnings,
    )
    return _after(changed, FILED, officer, at, status=DRAFT)


def review(
    version: Version, officer: Officer, decision: Decision, read_hash: str, note: str, at: datetime
) -> Version:
    """The version after somebody else than its author has approved or refused what they read (``read_hash``).

    Raises AuthorMayNotReview, LevelNotYours, NoteRequired, VersionChanged, StepOutOfTurn, HistoryFull.
    """
    if officer.id == version.author:
        raise AuthorMayNotReview
    place = levels(version.jurisdiction)
    _require(officer, "review", place.review, version.jurisdiction)
    if decision == "refuse" and not note:
        raise NoteRequired
    if read_hash != version.hash:
        raise VersionChanged(hash=version.hash)
    what = APPROVED if decision == "approve" else REFUSED
    mine = [step for step in version.since_filed if step.by == officer.id]
    if mine and mine[-1].what == what:
        return version
    if version.status not in (DRAFT, APPROVED):
        raise StepOutOfTurn(status=version.status)
    _require_room(version)
    after = _after(version, what, officer, at, note=note, status=version.status)
    if what == REFUSED:
        return replace(after, status=REFUSED)
    return replace(after, status=APPROVED) if len(after.approvers) >= place.approvals else after


def publish(
    version: Version, officer: Officer, read_hash: str, note: str, at: datetime, latest: str | None
) -> Version:
    """The version, published after ``latest`` (the version that now is; None where there is none).

    Raises AuthorMayNotPublish, ReviewerMayNotPublish, LevelNotYours, VersionChanged, StepOutOfTurn, VersionNotNewer.
    """
    if officer.id == version.author:
        raise AuthorMayNotPublish
    place = levels(version.jurisdiction)
    if officer.id in version.reviewers and not place.reviewer_may_publish:
        raise ReviewerMayNotPublish(jurisdiction=place.jurisdiction)
    _require(officer, "publish", place.publish, version.jurisdiction)
    if read_hash != version.hash:
        raise VersionChanged(hash=version.hash)
    if (done := version.step(PUBLISHED)) and done.by == officer.id:
        return version
    if version.status != APPROVED:
        raise StepOutOfTurn(status=version.status)
    if latest is not None and order(version.version) <= order(latest):
        raise VersionNotNewer(latest=latest)
    return _after(version, PUBLISHED, officer, at, note=note, status=PUBLISHED)


def supersede(version: Version, by: Version) -> Version:
    """The version once ``by`` was published in its place; only a published one changes."""
    last = by.history[-1]
    if version.status != PUBLISHED:
        return version
    step = Step(SUPERSEDED, last.by, last.at, version.hash, by.version)
    return replace(version, status=SUPERSEDED, history=(*version.history, step))


def withdraw(version: Version, officer: Officer, reason: str, at: datetime) -> Version:
    """The version, withdrawn: it stays readable and explains old acts, but counts no new ones.

    One person can do this, since it stops something; whoever may publish. Raises LevelNotYours, StepOutOfTurn.
    """
    place = levels(version.jurisdiction)
    _require(officer, "withdraw", place.publish, version.jurisdiction)
    if (done := version.step(WITHDRAWN)) and done.by == officer.id:
        return version
    if version.status not in (PUBLISHED, SUPERSEDED):
        raise StepOutOfTurn(status=version.status)
    return _after(version, WITHDRAWN, officer, at, note=reason, status=WITHDRAWN)


def order(version: str) -> tuple[tuple[int, int, str], ...]:
    """Versions in order, numbers by their value: 2 before 10, 2026.2 before 2026.10."""
    parts = [part for part in _NUMBERS.split(version) if part]
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)


def _after(
    version: Version, what: str, officer: Officer, at: datetime, *, status: str, note: str = ""
) -> Version:
    step = Step(what, officer.id, at, version.hash, note)
    return replace(version, status=status, history=(*version.history, step))


def _require(officer: Officer, step: str, roles: frozenset[str], jurisdiction: str) -> None:
    if not officer.roles & roles:
        raise LevelNotYours(jurisdiction=jurisdiction, step=step, roles=", ".join(sorted(roles)))


def _require_room(version: Version) -> None:
    if len(version.history) >= STEPS_MAX:
        raise HistoryFull


@cache
def _levels() -> Mapping[str, Levels]:
    with open(_LEVELS, "rb") as file_:  # noqa: PTH123 as in registry.py
        written = json.load(file_)
    return {
        place: Levels(
            place,
            frozenset(each["file"]),
            frozenset(each["review"]),
            frozenset(each["publish"]),
            each["approvals"],
            each["reviewer_may_publish"],
        )
        for place, each in written.items()
    }
