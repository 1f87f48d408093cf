"""What was decided of a programme since the layer was built: the version that counts acts, its gates, its end. Pure.

| proposal | who moves it on, by which operation                              | to       | what members see |
|----------|------------------------------------------------------------------|----------|------------------|
| (new)    | one person, ``propose_gate`` or ``propose_closing``              | proposed | nothing |
| proposed | its proposer or somebody else, by proposing something else       | proposed, ``number`` + 1 | nothing |
|          | another person who read it, ``approve_gate``, ``approve_closing``| approved | the gate, or the end, within a minute |
| approved | anybody, by proposing again                                      | proposed, ``number`` + 1 | what was approved holds until the next approval |

Gates and the end are decided by two people: one proposes, with a reason, another approves what was read (``hash``). A gate that
was decided stays as decided whatever version runs; where nothing was decided, the document says. A gate opens only where the
jurisdiction's document lets it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from puhui.kernel import approvals, clock
from puhui.kernel.documents import Document, content_hash
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
class RunningState:
    """What the table says of one programme. ``document``: of the filed version that counts acts, None where it is the layer's.
    ``version`` counts writes: 0 for one that was never written."""

    id: str
    document: Document | None = None
    hash: str = ""
    gates: Mapping[str, bool] = field(default_factory=dict)
    closes_at: datetime | None = None
    closed_because: str = ""
    version: int = 0

    @property
    def programme_version(self) -> str | None:
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


def propose(existing: Proposal | None, wanted: Proposal) -> Proposal:
    """The proposal in place of the existing one; the same again by the same person changes nothing."""
    if existing is None:
        return wanted
    same = (existing.wanted, existing.reason, existing.by) == (wanted.wanted, wanted.reason, wanted.by)
    if same and existing.status == PROPOSED:
        return existing
    return replace(wanted, number=existing.number + 1)


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
    """The proposal, approved by somebody else who read it. One that was approved does not change again.

    Raises ProposerMayNotApprove, ProposalChanged.
    """
    approved = approvals.approve(
        (),
        by,
        now,
        authors=[proposal.by],
        closed=ProposalChanged(),
        changed=ProposalChanged() if proposal.hash != read_hash else None,
    )
    if proposal.status == APPROVED:
        return proposal
    return replace(proposal, status=APPROVED, approved_by=approved[0].by, approved_at=now)


def decided(state: RunningState, proposal: Proposal) -> RunningState:
    """What holds once a proposal was approved."""
    if proposal.subject == CLOSING:
        closes_at = clock.from_text(str(proposal.wanted))
        return replace(state, closes_at=closes_at, closed_because=proposal.reason)
    return replace(state, gates={**state.gates, proposal.subject: bool(proposal.wanted)})


def applied(programme: Programme, state: RunningState) -> Programme:
    """The programme with what was decided of it."""
    return replace(
        programme,
        gates={
            gate: jurisdictions.rule(programme.jurisdiction, gate).may_open
            and state.gates.get(gate, programme.gates.get(gate, False))
            for gate in jurisdictions.GATES
        },
        closes_at=state.closes_at,
        closed_because=state.closed_because,
    )
