"""A settlement: what it settles, who approved it, which statements may be posted.

States of a settlement:

| state     | who moves it there                                      | operation                            | what is seen |
|-----------|---------------------------------------------------------|--------------------------------------|--------------|
| computing | an operator, or the calendar on the first of a month    | `open_settlement`                    | no sums, no statements; `stopped` when the workflow failed |
| computed  | the workflow; who upholds a dispute                     | `close_settlement`; `resolve_dispute` | sums, `hash`, up to one approval |
| empty     | the workflow, when there was nothing to settle          | `close_settlement`                   | final; nothing to approve |
| approved  | the second of two people; who rejects a dispute after the posting | `approve_settlement`; `resolve_dispute` | posting runs; `held`: statements that could not be posted |
| posted    | the workflow, once no approved statement is left        | `close_posting`                      | merchants are owed their totals |
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from puhui.kernel import approvals, clock, documents
from puhui.kernel.approvals import Approval
from puhui.settlement.errors import (
    SettlementApproved,
    SettlementChanged,
    SettlementEmpty,
    SettlementNotComputed,
    SettlementTooEarly,
)
from puhui.settlement.statements import model as statements
from puhui.settlement.statements.model import Adjustment, Statement

COMPUTING, COMPUTED, EMPTY, APPROVED, POSTED = "computing", "computed", "empty", "approved", "posted"
SHARDS = 8  # workers that compute and post a programme's merchants side by side
APPROVALS = 2
SCHEDULE = "schedule"  # who opened what the calendar opens


@dataclass(frozen=True)
class Settlement:
    """All payables of a programme's merchants that were verified before ``until`` and that no settlement had claimed.

    ``revision`` counts the resolutions that changed what is paid; ``hash`` is of the payables and all resolutions. ``approvals`` are
    of this revision; ``approved_revision`` is the last one that two people approved (-1: none). ``round``: how often posting was
    started; ``held``: statements that the last round could not post. ``stopped``: computing or posting failed; opening or approving
    again starts it again.
    """

    id: str
    programme_id: str
    until: datetime
    opened_by: str
    opened_at: datetime
    body_hash: str = ""
    status: str = COMPUTING
    opened: str = ""  # a ULID of the moment of opening: the order of lists
    computed_at: datetime | None = None
    hash: str = ""
    revision: int = 0
    approvals: tuple[Approval, ...] = ()
    approved_revision: int = -1
    round: int = 0
    held: int = 0
    merchants: int = 0
    payables: int = 0
    pieces: int = 0
    fen: int = 0
    adjusted_fen: int = 0
    stopped: bool = False
    version: int = field(default=1, compare=False)

    @property
    def total_fen(self) -> int:
        """What the merchants get in all."""
        return self.fen + self.adjusted_fen

    @property
    def posting_name(self) -> str:
        """The name of the execution that posts this round."""
        return f"{self.id}-{self.round}"

    def may_post(self, statement: Statement) -> bool:
        """Whether two people approved the statement as it is, and it is neither disputed nor posted."""
        approved = statement.revision <= self.approved_revision
        return approved and statement.status in (statements.COMPUTED, statements.POSTING)


def last_visible(until: datetime, now: datetime, lag_seconds: int) -> datetime:
    """``until`` in whole seconds, but no later than the last moment whose payables the index shows by now.

    Raises SettlementTooEarly when it is further ahead than a clock may be wrong (``clock.CLOCK_SKEW``).
    """
    if until > now + clock.CLOCK_SKEW:
        raise SettlementTooEarly(minutes=clock.CLOCK_SKEW // timedelta(minutes=1))
    return min(until, now - timedelta(seconds=lag_seconds)).replace(microsecond=0)


def shard_of(merchant_id: str) -> int:
    """Which of the SHARDS works through this merchant."""
    return zlib.crc32(merchant_id.encode()) % SHARDS


def approve(settlement: Settlement, approver: str, read_hash: str, now: datetime) -> Settlement:
    """The settlement with one more approval; the second one approves it. Unchanged for who approved it before.

    Raises SettlementNotComputed, SettlementEmpty, SettlementChanged, SettlementApproved.
    """
    if settlement.status == COMPUTING:
        raise SettlementNotComputed
    if settlement.status == EMPTY:
        raise SettlementEmpty
    given = approvals.approve(
        settlement.approvals,
        approver,
        now,
        authors=(),  # nobody wrote it; ``approving.require_outsider`` refuses the merchants' own staff
        changed=SettlementChanged() if settlement.hash != read_hash else None,
        closed=SettlementApproved(),
        needed=APPROVALS,
    )
    if given is settlement.approvals:
        return settlement
    if not approvals.are_enough(given, APPROVALS):
        return replace(settlement, approvals=given)
    return replace(
        settlement,
        approvals=given,
        status=APPROVED,
        approved_revision=settlement.revision,
        round=settlement.round + 1,
        held=0,
    )


def stopped(settlement: Settlement) -> Settlement:
    """The settlement after its computing or posting failed; unchanged when neither was running."""
    return replace(settlement, stopped=settlement.status in (COMPUTING, APPROVED))


def released(settlement: Settlement) -> Settlement:
    """The settlement after a dispute was rejected and its statement may be posted: posting starts once more."""
    status = APPROVED if settlement.status == POSTED else settlement.status
    return replace(settlement, status=status, round=settlement.round + 1)


def after_posting(settlement: Settlement, held: int) -> Settlement:
    """The settlement after a round of posting that left ``held`` approved statements: posted when it left none."""
    if held:
        return replace(settlement, held=held, round=settlement.round + 1, stopped=False)
    return replace(settlement, held=0, status=POSTED, stopped=False)


def adjusted(
    settlement: Settlement, adjustments: Sequence[Adjustment], merchant_id: str, resolver: str, now: datetime
) -> Settlement:
    """The settlement after an upheld dispute: a new revision with a new hash, to be approved.

    Who resolved it is the first approver when two people approved the revision before. Otherwise the resolver need not have read
    what is still open, and both approvals are to come.
    """
    content = [
        [each.dispute_id, merchant_id, each.budget_id, each.reward_id, each.fen] for each in adjustments
    ]
    text = f"{settlement.hash}\n{documents.canonical(content)}"
    approved_before = settlement.approved_revision == settlement.revision
    return replace(
        settlement,
        status=COMPUTED,
        hash=hashlib.sha256(text.encode()).hexdigest(),
        revision=settlement.revision + 1,
        approvals=(Approval(resolver, now),) if approved_before else (),
        adjusted_fen=settlement.adjusted_fen + sum(each.fen for each in adjustments),
    )
