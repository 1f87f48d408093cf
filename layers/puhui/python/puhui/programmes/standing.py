"""What was decided of a programme since the layer was built: the version that counts acts, its gates, its end. Pure.

Gates and the end are decided by two people: one proposes, with a reason, another approves what was read (``hash``). A gate that
was decided stays as decided whatever version runs; where nothing was decided, the document says. A gate opens only where the
jurisdiction's document lets it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from puhui.kernel import approvals, clock
from puhui.kernel.approvals import Approval
from puhui.kernel.documents import content_hash
from puhui.programmes import jurisdictions
from puhui.programmes.errors import (
    ClosingInThePast,
    GateNotAllowed,
    ProposalChanged,
)
from puhui.programmes.model import Programme

CLOSING = "closing"
PROPOSED, APPROVED = "proposed", "approved"


@dataclass(frozen=True)
class Standing:
    """What the table says of one programme. ``document``: of the filed version that counts acts, None where it is the layer's.
    ``revision`` counts writes: 0 for one that was never written."""

    id: str
    document: Mapping[str, Any] | None = None
    hash: str = ""
    gates: Mapping[str, bool] = field(default_factory=dict)
    closes_at: datetime | None = None
    closed_because: str = ""
    revision: int = 0

    @property
    def version(self) -> str | None:
        """The filed version that counts acts."""
        return str(self.document["version"]) if self.document else None


@dataclass(frozen=True)
class Proposal:
    """What somebody wants decided: a gate (``subject`` is its name; ``wanted`` opens or closes it) or the end (``subject`` is
    "closing"; ``wanted`` is the moment). ``number`` counts the proposals on a subject."""

    programme_id: str
    subject: str
    wanted: bool | str
    reason: str
    by: str
    at: datetime
    number: int
    status: str = PROPOSED
    approved_by: str = ""
    approved_at: datetime | None = None

    @property
    def decision(self) -> str:
        """What it comes to, in a word: "open", "closed", or when the programme ends."""
        if self.subject == CLOSING:
            return str(self.wanted)
        return "open" if self.wanted else "closed"

    @property
    def hash(self) -> str:
        """What whoever approves has read."""
        return content_hash([self.programme_id, self.subject, self.wanted, self.reason, self.by, self.number])


def propose(standing: Proposal | None, wanted: Proposal) -> Proposal:
    """The proposal in place of the one that stands; the same again by the same person changes nothing."""
    if standing is None:
        return wanted
    same = (standing.wanted, standing.reason, standing.by) == (wanted.wanted, wanted.reason, wanted.by)
    if same and standing.status == PROPOSED:
        return standing
    return replace(wanted, number=standing.number + 1)


def require_allowed(programme: Programme, proposal: Proposal, now: datetime) -> None:
    """Raise GateNotAllowed for a gate that the jurisdiction keeps closed, ClosingInThePast for an end that has passed."""
    if proposal.subject == CLOSING:
        if clock.from_text(str(proposal.wanted)) < now:
            raise ClosingInThePast
        return
    rule = jurisdictions.rule(programme.jurisdiction, proposal.subject)
    if proposal.wanted and not rule.may_open:
        raise GateNotAllowed(
            gate=proposal.subject, region=rule.region, why_zh=rule.why["zh-CN"], why_en=rule.why["en"]
        )


def approve(proposal: Proposal, by: str, read_hash: str, now: datetime) -> Proposal:
    """The proposal, approved by somebody else who read it. Again changes nothing, whoever asks.

    Raises ProposerMayNotApprove, ProposalChanged.
    """
    given: tuple[Approval, ...] = ()
    if proposal.approved_at:
        given = (
            Approval(by, proposal.approved_at),
        )  # whoever it was: one is enough, and others see it approved
    changed = ProposalChanged() if proposal.hash != read_hash else None
    after = approvals.approve(
        given, by, now, authors=[proposal.by], closed=ProposalChanged(), changed=changed
    )
    return proposal if after is given else replace(proposal, status=APPROVED, approved_by=by, approved_at=now)


def decided(standing: Standing, proposal: Proposal) -> Standing:
    """What holds once a proposal was approved."""
    if proposal.subject == CLOSING:
        closes_at = clock.from_text(str(proposal.wanted))
        return replace(standing, closes_at=closes_at, closed_because=proposal.reason)
    return replace(standing, gates={**standing.gates, proposal.subject: bool(proposal.wanted)})


def applied(programme: Programme, standing: Standing) -> Programme:
    """The programme with what was decided of it."""
    return replace(
        programme,
        gates={
            gate: jurisdictions.rule(programme.jurisdiction, gate).may_open
            and standing.gates.get(gate, programme.gates.get(gate, False))
            for gate in jurisdictions.GATES
        },
        closes_at=standing.closes_at,
        closed_because=standing.closed_because,
    )
