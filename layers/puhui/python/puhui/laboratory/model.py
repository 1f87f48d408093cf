"""A trial: what a draft would have given for acts that were counted by the published version. A correction: which published factor was
wrong, and what takes its place. Pure values.

| work       | state    | who moves it on, by which operation       | to      | what follows |
|------------|----------|-------------------------------------------|---------|--------------|
| trial      | (new)    | an author, ``start_trial``                | running; done with cases only | past acts are tried, shard by shard |
|            | running  | the state machine, ``close_trial``        | done, or ``stopped`` on an error | the report; who asks again starts it again |
| correction | (new)    | one person, ``propose_correction``        | proposed | |
|            | proposed | another person, ``approve_correction``    | running | every act concerned gets a compensating transfer; its member sees the corrected number and why |
|            | running  | the state machine, ``close_correction``   | done, or ``stopped`` on an error | the report; the approval, sent again, starts it again |
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from puhui.kernel.documents import Document
from puhui.kernel.errors import DomainError
from puhui.methodologies.api import Methodology, Programme, quantify_by
from puhui.programmes.api import Behaviour

MEMBERS_LISTED = 20
PROPOSED, RUNNING, DONE = "proposed", "running", "done"


@dataclass(frozen=True)
class Trial:
    """``document`` is the draft, ``days`` how far back past acts are tried (0: none), ``cases`` those that were uploaded."""

    id: str
    programme_id: str
    methodology_id: str
    document: Document
    days: int
    today: date
    cases: tuple[Document, ...]
    started_by: str
    body_hash: str = ""
    status: str = RUNNING
    report: Document = field(default_factory=dict)
    stopped: bool = False  # on an error: whoever asks for it again starts it again


@dataclass(frozen=True)
class Correction:
    """``factor`` and ``replacement`` are ``id@version``; ``first`` and ``last`` are days on which the acts happened."""

    id: str
    programme_id: str
    factor: str
    replacement: str
    first: date
    last: date
    reason: str
    proposed_by: str
    body_hash: str = ""
    status: str = PROPOSED
    approved_by: str = ""
    approved_at: datetime | None = None
    report: Document | None = None
    stopped: bool = False  # on an error: the approval, sent again, starts it again


@dataclass(frozen=True)
class Corrected:
    """How much was corrected."""

    acts: int = 0
    more_mg: int = 0
    less_mg: int = 0
    points: int = 0
    missing_points: int = 0  # could not be taken back: they were spent


@dataclass(frozen=True, order=True)
class MemberDifference:
    """What a draft would change for one member: ``size`` is the absolute difference, in mg."""

    size: int
    member_id: str
    published_mg: int
    draft_mg: int


@dataclass
class Difference:
    """Draft against published, act by act. Sums in mg of CO2 equivalent; ``members`` are those for whom it would change most."""

    acts: int = 0
    more: int = 0
    less: int = 0
    published_mg: int = 0
    draft_mg: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    members: tuple[MemberDifference, ...] = ()

    def add_member(self, member_id: str, acts: Iterable[tuple[int, int | str]]) -> None:
        """Add a member's acts: (published mg, draft's mg or the code of why it refuses)."""
        published = draft = 0
        for before, after in acts:
            self.acts += 1
            published += before
            if isinstance(after, str):
                self.refused[after] = self.refused.get(after, 0) + 1
                continue
            draft += after
            self.more += after > before
            self.less += after < before
        self.published_mg += published
        self.draft_mg += draft
        if published != draft:
            self._list(MemberDifference(abs(draft - published), member_id, published, draft))

    def _list(self, *more: MemberDifference) -> None:
        self.members = tuple(heapq.nlargest(MEMBERS_LISTED, (*self.members, *more)))

    def merged(self, other: "Difference") -> "Difference":
        """Both together."""
        both = Difference(
            self.acts + other.acts,
            self.more + other.more,
            self.less + other.less,
            self.published_mg + other.published_mg,
            self.draft_mg + other.draft_mg,
            dict(Counter(self.refused) + Counter(other.refused)),
        )
        both._list(*self.members, *other.members)
        return both

    def body(self) -> dict[str, Any]:
        """For the contract."""
        return {
            "acts": self.acts,
            "acts_with_more": self.more,
            "acts_with_less": self.less,
            "published_mg": self.published_mg,
            "draft_mg": self.draft_mg,
            "difference_mg": self.draft_mg - self.published_mg,
            "refused": [{"code": code, "acts": acts} for code, acts in sorted(self.refused.items())],
            "members": [
                {
                    "member_id": each.member_id,
                    "published_mg": each.published_mg,
                    "draft_mg": each.draft_mg,
                }
                for each in sorted(self.members, reverse=True)
            ],
        }


def tried(
    draft: Methodology,
    programme: Programme,
    behaviour: Behaviour,
    quantity: Mapping[str, Any],
    day: date,
    region: str | None = None,
) -> int | str:
    """What the draft gives for an act, in mg, or the code of why it refuses."""
    try:
        return quantify_by(draft, programme, behaviour, quantity, day, region).reduction_mg
    except DomainError as error:
        return error.code


def behaviours_of(behaviours: Iterable[Behaviour], methodology_id: str) -> dict[str, Behaviour]:
    """Those that are counted by some version of the methodology."""
    return {each.id: each for each in behaviours if each.methodology_id == methodology_id}


def case_body(position: int, published: int | str, draft: int | str) -> dict[str, Any]:
    """One uploaded case's answer."""
    body: dict[str, Any] = {"case": position}
    for name, value in (("published", published), ("draft", draft)):
        body |= {f"{name}_code": value} if isinstance(value, str) else {f"{name}_mg": value}
    return body


def merge(parts: Sequence[Difference]) -> Difference:
    """All parts together."""
    whole = Difference()
    for part in parts:
        whole = whole.merged(part)
    return whole
