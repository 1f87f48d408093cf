"""The steps of the life cycle on the table: each is one transaction, and either happens whole or not at all. Methodologies
and factors take the same steps; ``table`` says which of them is meant.

Two at once: the optimistic lock lets one through; the other reads again, and is then judged by what it finds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.documents import content_hash
from puhui.kernel.pages import Page
from puhui.methodologies import lifecycle
from puhui.methodologies.errors import FactorNotFound, MethodologyNotFound, VersionShipped
from puhui.methodologies.lifecycle import PUBLIC, Decision, Officer, Version
from puhui.methodologies.repository import FACTOR, METHODOLOGY, Methodologies
from puhui.store.cursors import Cursors
from puhui.store.session import Session

COUNTRY = "CN"
Answer = dict[str, Any]
Check = Callable[[Any], Sequence[Mapping[str, Any]]]
"""Raises DocumentInvalid, and says what looks odd: ``filing``, which only the functions that file load."""


@dataclass(frozen=True)
class Command:
    """Who asks, when, and by which idempotency key (None: without one) for which body."""

    officer: Officer
    now: datetime
    key: str | None = None
    body_hash: str = ""


def file(document: Any, jurisdiction: str, command: Command, *, check: Check, table: Methodologies) -> Answer:
    """File a document as a draft: its id and version say which. The same again gives the same answer.

    Raises DocumentInvalid, VersionShipped, JurisdictionUnknown and what ``lifecycle.file`` raises.
    """
    warnings = check(document)
    table.require_fitting(document)
    methodology_id, version = document["id"], document["version"]
    if version in table.shipped(methodology_id):
        raise VersionShipped(methodology=f"{methodology_id}@{version}")
    proposed = Version(
        id=methodology_id,
        version=version,
        name=document["name"],
        hash=content_hash(document),
        jurisdiction=jurisdiction,
        author=command.officer.id,
        warnings=tuple(warnings),
    )

    def build(session: Session) -> Version:
        existing = table.version(methodology_id, version)
        filed = lifecycle.file(existing, proposed, command.officer, command.now)
        if filed is not existing:
            table.put_version(session, filed)
            table.put_document(session, methodology_id, document)
        return filed

    return _answered(_what(table, "file"), command, build, table)


def review(
    methodology_id: str,
    version: str,
    decision: Decision,
    read_hash: str,
    note: str,
    command: Command,
    *,
    table: Methodologies,
) -> Answer:
    """Approve or refuse what was read. Raises MethodologyNotFound and what ``lifecycle.review`` raises."""

    def build(session: Session) -> Version:
        existing = _find(methodology_id, version, table)
        after = lifecycle.review(existing, command.officer, decision, read_hash, note, command.now)
        if after is not existing:
            table.put_version(session, after)
        return after

    return _answered(_what(table, f"review {methodology_id}@{version}"), command, build, table)


def publish(
    methodology_id: str, version: str, read_hash: str, note: str, command: Command, *, table: Methodologies
) -> Answer:
    """Publish an approved version; the one before it is superseded by the same transaction.

    Raises MethodologyNotFound, what ``lifecycle.publish`` raises and what ``table.put_in_force`` does.
    """

    def build(session: Session) -> Version:
        before = table.latest(
            methodology_id
        )  # before the version: so it can never be this one, unless the version says so
        existing = _find(methodology_id, version, table)
        known = [*table.shipped(methodology_id), *([before.version] if before else [])]
        latest = max(known, key=lifecycle.order, default=None)
        after = lifecycle.publish(existing, command.officer, read_hash, note, command.now, latest)
        if after is not existing:
            table.put_version(session, after)
            table.put_latest(session, after, before)
            table.put_in_force(session, after)
            old = table.version(methodology_id, before.version) if before else None
            if old and (superseded := lifecycle.supersede(old, after)) is not old:
                table.put_version(session, superseded)
        return after

    return _answered(_what(table, f"publish {methodology_id}@{version}"), command, build, table)


def withdraw(
    methodology_id: str, version: str, reason: str, command: Command, *, table: Methodologies
) -> Answer:
    """Withdraw a published or superseded version. Raises MethodologyNotFound, VersionShipped (a version of the layer is
    withdrawn by a new layer) and what ``lifecycle.withdraw`` raises."""
    if version in table.shipped(methodology_id):
        raise VersionShipped(methodology=f"{methodology_id}@{version}")

    def build(session: Session) -> Version:
        existing = _find(methodology_id, version, table)
        after = lifecycle.withdraw(existing, command.officer, reason, command.now)
        if after is not existing:
            table.put_version(session, after)
            table.put_in_force(session, after)
            before = table.latest(methodology_id)
            if before and before.version == version:
                table.put_latest(session, after, before)
        return after

    return _answered(_what(table, f"withdraw {methodology_id}@{version}"), command, build, table)


def list_drafts(limit: int, cursor: str | None, *, table: Methodologies, cursors: Cursors) -> Page[Version]:
    """A page of what waits for a review or for publication. Raises CursorInvalid."""
    scope = f"{table.kind} drafts"
    position = cursors.read(scope, cursor)
    items, last = table.open(limit, position["at"] if position else None)
    return Page(items, cursors.write(scope, {"at": last} if last else None))


def get_draft(methodology_id: str, version: str, *, table: Methodologies) -> Answer:
    """A version at any step, with its document and everything that was done. Raises MethodologyNotFound."""
    existing = _find(methodology_id, version, table)
    return {**draft_body(existing, table.kind), "document": table.document(methodology_id, existing.hash)}


def draft_body(version: Version, kind: str = METHODOLOGY) -> Answer:
    """The contract's ``MethodologyDraft`` or ``FactorDraft``; once public, with the entry of the journal about it."""
    return _body(version) | (
        {"entry_id": ids.key_id(kind, version.id, version.version)} if version.status in PUBLIC else {}
    )


def factor_draft_body(version: Version) -> Answer:
    """The contract's ``FactorDraft``."""
    return draft_body(version, FACTOR)


def _body(version: Version) -> Answer:
    answer: Answer = {
        "id": version.id,
        "version": version.version,
        "name": dict(version.name),
        "hash": version.hash,
        "jurisdiction": version.jurisdiction,
        "status": version.status,
        "author": version.author,
        "approvals": len(version.approvers),
        "approvals_needed": lifecycle.levels(version.jurisdiction).approvals,
        "history": [
            {
                "what": step.what,
                "by": step.by,
                "at": clock.to_text(step.at),
                "hash": step.hash,
                **({"note": step.note} if step.note else {}),
            }
            for step in version.history
        ],
    }
    return answer | {"warnings": [dict(each) for each in version.warnings]}


def _find(methodology_id: str, version: str, table: Methodologies) -> Version:
    if (existing := table.version(methodology_id, version)) is None:
        raise FactorNotFound if table.kind == FACTOR else MethodologyNotFound
    return existing


def _what(table: Methodologies, step: str) -> str:
    """What an idempotency key is for."""
    return step if table.kind == METHODOLOGY else f"{table.kind} {step}"


def _answered(
    what: str, command: Command, build: Callable[[Session], Version], table: Methodologies
) -> Answer:
    """What ``build`` comes to; with an idempotency key, what it came to the first time."""
    officer_id = command.officer.id
    key_id = ids.key_id(officer_id, what, command.key) if command.key else ""

    def answer(session: Session) -> Answer:
        return draft_body(build(session), table.kind)

    return table.answers.once(f"officer:{officer_id}", key_id, command.body_hash, answer)
