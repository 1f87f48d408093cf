"""How several people approve: enough different people, none of whom wrote it, each approve exactly what they read, once. Pure.

    given = approvals.approve(funding.approvals, approver, now, authors=[funding.proposed_by], closed=FundingClosed())
    if given is funding.approvals: ...                # the same person again: nothing changes
    if approvals.are_enough(given, needed=2): ...     # it is decided

Approvals belong to one content. Whoever changes or withdraws a proposal keeps none of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from puhui.kernel.errors import DomainError, Forbidden


class ProposerMayNotApprove(Forbidden):
    code = "PROPOSER_MAY_NOT_APPROVE"
    zh = "提出的人不能批准，请由另一个人批准。"
    en = "Whoever proposed this may not approve it. Somebody else has to."


@dataclass(frozen=True)
class Approval:
    """``by`` approved the present content."""

    by: str
    at: datetime


def approve(
    given: tuple[Approval, ...],
    by: str,
    at: datetime,
    *,
    authors: Collection[str],
    closed: DomainError,
    is_open: bool = True,
    needed: int = 1,
    changed: DomainError | None = None,
    own: DomainError | None = None,
) -> tuple[Approval, ...]:
    """The approvals with one more; ``given`` itself when ``by`` approved before.

    Raises, in this order: ``own`` (ProposerMayNotApprove) when ``by`` is one of the authors; ``changed``, which a caller gives when
    the content is not what was read; ``closed`` when it is not open any more, or enough people approved it.
    """
    if by in authors:
        raise own or ProposerMayNotApprove()
    if changed is not None:
        raise changed
    if any(each.by == by for each in given):
        return given
    if not is_open or are_enough(given, needed):
        raise closed
    return (*given, Approval(by, at))


def are_enough(given: tuple[Approval, ...], needed: int) -> bool:
    """Whether the content is approved."""
    return len(given) >= needed
