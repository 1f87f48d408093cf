"""Filing and starting a programme, and deciding its gates and its end, on the table: each step is one transaction; of two at once
one reads again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.programmes import decisions, filing, jurisdictions, presets
from puhui.programmes.decisions import CLOSING, Proposal, RunningState
from puhui.programmes.errors import GateNotAllowed, ProgrammeNotFound, ProgrammeShipped, ProposalNotFound
from puhui.programmes.filing import Filed
from puhui.programmes.repository import Programmes
from puhui.store.session import Session, attempt


def file(document: Mapping[str, Any], author: str, now: datetime, *, table: Programmes) -> Filed:
    """File a document that was checked. The same again changes nothing. Raises ProgrammeShipped for a version that is no later
    than the layer's, GateNotAllowed, and as ``filing.file``."""
    programme_id, version = document["id"], document["version"]
    _require_gates(document)
    if programme_id in presets.ids():
        preset = presets.document(programme_id)
        if filing.order(version) <= filing.order(preset["version"]):
            raise ProgrammeShipped(programme_id=programme_id, version=preset["version"])

    def build(session: Session) -> Filed:
        existing = table.filed(programme_id, version)
        filed = filing.file(existing, document, author, now)
        if filed is not existing:
            table.put_filed(session, existing, filed)
        return filed

    return _as_it_is(attempt(table.dynamodb, build), table)


def _require_gates(document: Mapping[str, Any]) -> None:
    for gate, is_open in document.get("gates", {}).items():
        rule = jurisdictions.rule(document["jurisdiction"], gate)
        if is_open and not rule.may_open:
            raise GateNotAllowed(
                gate=gate, region=rule.region, why_zh=rule.why["zh-CN"], why_en=rule.why["en"]
            )


def start(
    programme_id: str,
    version: str,
    by: str,
    read_hash: str,
    now: datetime,
    *,
    table: Programmes,
    also: Callable[[Session, Filed], None],
    key: str | None = None,
) -> Filed:
    """Let a filed version count acts; ``also`` adds what else has to happen with it. Starting it again changes nothing while it
    runs, and with the idempotency ``key`` that started it has the first answer.

    Raises ProgrammeNotFound and as ``filing.start``.
    """
    key_id = ids.key_id(by, f"start {programme_id}@{version}", key) if key else ""

    def build(session: Session) -> Filed:
        # What runs is read before the version, so that it is this one only if the version says so.
        running = table.running(programme_id) or RunningState(programme_id)
        existing = _found(programme_id, version, table)
        started = filing.start(existing, by, read_hash, now, _running(running), key_id)
        if started is not existing:
            table.put_filed(session, existing, started)
            table.put_running(session, replace(running, document=started.document, hash=started.hash))
            also(session, started)
        return started

    return attempt(table.dynamodb, build)


def propose(wanted: Proposal, *, table: Programmes) -> Proposal:
    """Propose that a gate be opened or closed, or that the programme end. Raises ProgrammeNotFound, GateNotAllowed,
    ClosingInThePast."""
    programme = presets.read(wanted.programme_id)

    def build(session: Session) -> Proposal:
        before = table.proposal(wanted.programme_id, wanted.subject)
        after = decisions.propose(before, wanted)
        if after is not before:
            decisions.require_allowed(programme, after, after.at)
            table.put_proposal(session, before, after)
        return after

    return attempt(table.dynamodb, build)


def approve(
    programme_id: str,
    subject: str,
    by: str,
    read_hash: str,
    now: datetime,
    *,
    table: Programmes,
    also: Callable[[Session, Proposal], None],
) -> Proposal:
    """Approve what somebody else proposed: it holds everywhere within a minute. Again changes nothing.

    Raises ProgrammeNotFound, ProposalNotFound, GateNotAllowed, ClosingInThePast, ProposerMayNotApprove, ProposalChanged.
    """
    programme = presets.read(programme_id)

    def build(session: Session) -> Proposal:
        before = table.proposal(programme_id, subject)
        if before is None:
            raise ProposalNotFound
        after = decisions.approve(before, by, read_hash, now)
        if after is not before:
            decisions.require_allowed(programme, after, now)
            table.put_proposal(session, before, after)
            state = table.running(programme_id) or RunningState(programme_id)
            table.put_running(session, decisions.decided(state, after))
            also(session, after)
        return after

    return attempt(table.dynamodb, build)


def proposal_body(proposal: Proposal) -> dict[str, Any]:
    """The contract's ProgrammeProposal."""
    wanted = {"closes_at": proposal.wanted} if proposal.subject == CLOSING else {"open": proposal.wanted}
    body = {
        "programme_id": proposal.programme_id,
        "subject": proposal.subject,
        **wanted,
        "reason": proposal.reason,
        "status": proposal.status,
        "proposed_by": proposal.by,
        "proposed_at": clock.to_text(proposal.at),
        "number": proposal.number,
        "hash": proposal.hash,
    }
    if proposal.approved_at:
        body |= {"approved_by": proposal.approved_by, "approved_at": clock.to_text(proposal.approved_at)}
    return body


def find(programme_id: str, version: str, *, table: Programmes) -> Filed:
    """A version with what it is now. Raises ProgrammeNotFound."""
    return _as_it_is(_found(programme_id, version, table), table)


def _as_it_is(filed: Filed, table: Programmes) -> Filed:
    if filed.status == filing.DRAFT:
        return filed
    running = _running(table.running(filed.id) or RunningState(filed.id))
    return replace(filed, status=filing.status_after(filed, running))


def _running(state: RunningState) -> str | None:
    """The version that counts acts: the later one of what was started and what is in the layer."""
    known = [state.programme_version] if state.programme_version else []
    if state.id in presets.ids():
        known.append(presets.document(state.id)["version"])
    return max(known, key=filing.order, default=None)


def _found(programme_id: str, version: str, table: Programmes) -> Filed:
    filed = table.filed(programme_id, version)
    if filed is None:
        raise ProgrammeNotFound
    return filed


def filed_body(filed: Filed) -> dict[str, Any]:
    """The contract's FiledProgramme."""
    return {
        "id": filed.id,
        "version": filed.version,
        "hash": filed.hash,
        "status": filed.status,
        "author": filed.author,
        "at": clock.to_text(filed.at),
        "document": dict(filed.document),
        **({"started_by": filed.started_by} if filed.started_by else {}),
    }
