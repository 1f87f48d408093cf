"""A trial: what a draft would have given for acts that were counted by the published version. Pure values."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from puhui.kernel.errors import DomainError
from puhui.methodologies.api import Methodology, Programme, quantify_by
from puhui.programmes.api import Behaviour

MEMBERS_SHOWN = 20
RUNNING, DONE = "running", "done"


@dataclass(frozen=True)
class Trial:
    """``document`` is the draft, ``days`` how far back past acts are tried (0: none), ``cases`` those that were uploaded."""

    id: str
    programme_id: str
    methodology_id: str
    document: Mapping[str, Any]
    days: int
    today: date
    cases: tuple[Mapping[str, Any], ...]
    started_by: str
    body_hash: str = ""
    status: str = RUNNING
    report: Mapping[str, Any] = field(default_factory=dict)
    stopped: bool = False  # on an error: whoever asks for it again starts it again


@dataclass
class Difference:
    """Draft against published, act by act. Sums in mg of CO2 equivalent; ``members`` are those whom it would move most, as
    (absolute difference, member, published, draft)."""

    acts: int = 0
    more: int = 0
    less: int = 0
    published_mg: int = 0
    draft_mg: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    members: list[tuple[int, str, int, int]] = field(default_factory=list)

    def add_member(self, member_id: str, acts: Iterable[tuple[int, int | str]]) -> None:
        """Add a member's acts: (published mg, draft's mg or the code of why it refuses)."""
        published = draft = 0
        for before, after in acts:
            self.acts += 1
            published += before
            if isinstance(after, str):
                self.refused[after] += 1
                continue
            draft += after
            self.more += after > before
            self.less += after < before
        self.published_mg += published
        self.draft_mg += draft
        if published != draft:
            self._show((abs(draft - published), member_id, published, draft))

    def _show(self, member: tuple[int, str, int, int]) -> None:
        heapq.heappush(self.members, member)
        if len(self.members) > MEMBERS_SHOWN:
            heapq.heappop(self.members)

    def merged(self, other: "Difference") -> "Difference":
        """Both together."""
        both = Difference(
            self.acts + other.acts,
            self.more + other.more,
            self.less + other.less,
            self.published_mg + other.published_mg,
            self.draft_mg + other.draft_mg,
            self.refused + other.refused,
        )
        for member in (*self.members, *other.members):
            both._show(member)
        return both

    def as_item(self) -> dict[str, Any]:
        """For the table."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return {**counts, "refused": dict(self.refused), "members": [list(member) for member in self.members]}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "Difference":
        """Back from the table."""
        counts = {name: item[name] for name in _COUNTS}
        members = [(size, member, before, after) for size, member, before, after in item["members"]]
        return cls(**counts, refused=Counter(item["refused"]), members=members)

    def shown(self) -> dict[str, Any]:
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
                {"member_id": member, "published_mg": before, "draft_mg": after}
                for _, member, before, after in sorted(self.members, reverse=True)
            ],
        }


_COUNTS = ("acts", "more", "less", "published_mg", "draft_mg")


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


def case_shown(position: int, published: int | str, draft: int | str) -> dict[str, Any]:
    """One uploaded case's answer."""
    shown: dict[str, Any] = {"case": position}
    for name, value in (("published", published), ("draft", draft)):
        shown |= {f"{name}_code": value} if isinstance(value, str) else {f"{name}_mg": value}
    return shown


def merge(parts: Sequence[Difference]) -> Difference:
    """All parts together."""
    whole = Difference()
    for part in parts:
        whole = whole.merged(part)
    return whole
