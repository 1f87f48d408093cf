"""The steps of the life cycle on the table: each is one transaction, and either happens whole or not at all. Methodologies
and factors take the same steps; ``table`` says which of them is meant.

Two at once: one of them finds that the version moved, reads again, and is then judged by what it finds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.documents import content_hash
from puhui.kernel.errors import DomainError, IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.methodologies import lifecycle
from puhui.methodologies.dynamo import FACTOR, METHODOLOGY, Methodologies
from puhui.methodologies.errors import AnswerStands, FactorNotFound, MethodologyNotFound, VersionShipped
from puhui.methodologies.lifecycle import PUBLIC, Decision, Officer, Version
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

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
        standing = table.version(methodology_id, version)
        filed = lifecycle.file(standing, proposed, command.officer, command.now)
        if filed is not standing:
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
        standing = _standing(methodology_id, version, table)
        after = lifecycle.review(standing, command.officer, decision, read_hash, note, command.now)
        if after is not standing:
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
        standing = _standing(methodology_id, version, table)
        known = [*table.shipped(methodology_id), *([before.version] if before else [])]
        latest = max(known, key=lifecycle.order, default=None)
        after = lifecycle.publish(standing, command.officer, read_hash, note, command.now, latest)
        if after is not standing:
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
        standing = _standing(methodology_id, version, table)
        after = lifecycle.withdraw(standing, command.officer, reason, command.now)
        if after is not standing:
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
    standing = _standing(methodology_id, version, table)
    return {**show(standing, table.kind), "document": table.document(methodology_id, standing.hash)}


def show(version: Version, kind: str = METHODOLOGY) -> Answer:
    """The contract's ``MethodologyDraft`` or ``FactorDraft``; once public, with the entry of the journal that tells of it."""
    told = _shown(version)
    return told | (
        {"entry_id": ids.key_id(kind, version.id, version.version)} if version.status in PUBLIC else {}
    )


def show_factor_draft(version: Version) -> Answer:
    """The contract's ``FactorDraft``."""
    return show(version, FACTOR)


def _shown(version: Version) -> Answer:
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


def _standing(methodology_id: str, version: str, table: Methodologies) -> Version:
    if (standing := table.version(methodology_id, version)) is None:
        raise FactorNotFound if table.kind == FACTOR else MethodologyNotFound
    return standing


def _what(table: Methodologies, step: str) -> str:
    """What an idempotency key is for."""
    return step if table.kind == METHODOLOGY else f"{table.kind} {step}"


def _answered(
    what: str, command: Command, build: Callable[[Session], Version], table: Methodologies
) -> Answer:
    """What ``build`` comes to; with an idempotency key, what it came to the first time."""
    officer_id = command.officer.id
    key_id = ids.key_id(officer_id, what, command.key) if command.key else ""
    if key_id and (stored := table.answer(officer_id, key_id)):
        return _first(stored, command)

    def keep(session: Session) -> Answer:
        answer = show(build(session), table.kind)
        if key_id:
            table.add_answer(session, officer_id, key_id, command.body_hash, answer)
        return answer

    try:
        return attempt(table.dynamodb, keep)
    except AnswerStands as before:
        answer: Answer = before.details["answer"]
        return answer
    except (
        DomainError
    ):  # the same request, sent twice at once: the other one may have done what this one found done
        if key_id and (stored := table.answer(officer_id, key_id)):
            return _first(stored, command)
        raise


def _first(stored: Mapping[str, Any], command: Command) -> Answer:
    if stored["body_hash"] != command.body_hash:
        raise IdempotencyKeyReused
    answer: Answer = stored["answer"]
    return answer
