"""The one way in for what partners send: batches, events and files end here.

    results = take(partner, records, source="batch:2026-12-01", tables=TABLES, now=now)

One result a record, in their order. A record's act is one transaction with its credits, under an id that derives from partner and
record: whatever is sent again, and wherever a run ended, a record counts once. What the same ``source`` brought before is answered
as the first time; what another one brought is ``duplicate``. A file's records are taken in parts, at once and in any order: each
comes from a place of its own in its source, and is a duplicate where the record came from another place.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from puhui.activities import recording_api as activities
from puhui.ingestion.model import (
    AWAITED,
    BINDING_ENDED,
    CREDITED,
    DUPLICATE,
    MAY_NOT_SEND,
    MEMBER_UNKNOWN,
    PENDING,
    RECORD_CHANGED,
    REFUSED,
    UNBOUND,
    Record,
    Result,
    Waiting,
    record_key,
)
from puhui.ingestion.tables import Tables
from puhui.kernel.errors import DomainError, TooManyRequests
from puhui.partners.data_partners.api import ACCOUNT, WAIT, Account, DataPartner
from puhui.programmes import api as programmes
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.session import Session, attempt

ACCOUNTS_AT_ONCE = 25  # whoever unbinds is heard after so many records at the latest
_OF_ACTS = {"credited": CREDITED, "refused": REFUSED}  # all other states of an act are still to come


def take(
    partner: DataPartner,
    records: Sequence[Record],
    *,
    source: str,
    places: Sequence[str] = (),
    tables: Tables,
    now: datetime,
) -> list[Result]:
    """What became of each record. ``places``: where in its source each is. Raises DataPartnerSuspended, and Unavailable: then send everything again."""
    _ = partner.active_terms
    seen: dict[str, tuple[str, Result]] = {}
    results = []
    for number, (record, account) in enumerate(_with_accounts(records, tables)):
        content = record.content_hash
        if record.item_no in seen:
            before, first = seen[record.item_no]
            result = _again(first) if before == content else _refused(record, RECORD_CHANGED)
        else:
            where = f"{source}/{places[number]}" if places else source
            result = take_one(partner, record, account, source=where, tables=tables, now=now)
            seen[record.item_no] = content, result
        results.append(result)
    return results


def take_one(
    partner: DataPartner,
    record: Record,
    account: Account | None,
    *,
    source: str,
    tables: Tables,
    now: datetime,
) -> Result:
    """What becomes of one record, given the account that it names."""
    if not partner.active_terms.may_send(record.programme_id, record.behaviour):
        return _refused(record, MAY_NOT_SEND)
    if account is None or account.partner_id != partner.id:
        return _refused(record, MEMBER_UNKNOWN)
    if account.released_at and record.occurred_at < account.released_at:
        return _refused(record, BINDING_ENDED)
    try:
        if not account.member_id:
            return _wait(partner, record, source, tables, now)
        return _record(partner, record, account.member_id, source, tables, now)
    except DomainError as error:
        if error.status >= 500 or isinstance(error, TooManyRequests):
            raise
        return _refused(record, error.code)


def _with_accounts(records: Sequence[Record], tables: Tables) -> Iterator[tuple[Record, Account | None]]:
    for first in range(0, len(records), ACCOUNTS_AT_ONCE):
        some = records[first : first + ACCOUNTS_AT_ONCE]
        yield from zip(some, tables.partners.accounts([each.member_ref for each in some]), strict=True)


def is_sandbox(partner: DataPartner, programme_id: str) -> bool:
    """Whether records are checked and answered, and nothing is written. Raises ProgrammeNotFound."""
    return partner.active_terms.sandbox or programmes.programme(programme_id).sandbox


def _record(
    partner: DataPartner, record: Record, member_id: str, source: str, tables: Tables, now: datetime
) -> Result:
    """Credit it, or say why not; in a sandbox, say what would become of it."""
    command = activities.RecordActivity(
        member_id,
        record.programme_id,
        record.behaviour,
        record.occurred_at,
        record.quantity,
        (),
        None,
        record.content_hash,
        record.ended_at,
        activities.PartnerRecord(partner.id, record.item_no, source),
    )
    if is_sandbox(partner, record.programme_id):
        return _try(command, record, tables, now)
    act = activities.record_activity(command, tables=tables.activities, now=now)
    if act.brought_by != source:
        return Result(record.item_no, DUPLICATE, act.id)
    return _of_act(record, act)


def _try(command: activities.RecordActivity, record: Record, tables: Tables, now: datetime) -> Result:
    """What would become of it. A sandbox knows its own records again for some days."""
    partner_record = command.source
    assert partner_record is not None  # noqa: S101 it is a partner's
    act = activities.record_activity(replace(command, trial=True), tables=tables.activities, now=now)
    key = record_key(partner_record.partner_id, record.item_no)
    content, source = tables.ingestion.tried(
        partner_record.partner_id, key, record.content_hash, partner_record.brought_by, now
    )
    if content != record.content_hash:
        return _refused(record, RECORD_CHANGED)
    if source != partner_record.brought_by:
        return Result(record.item_no, DUPLICATE)
    return replace(_of_act(record, act), activity_id="")


def _of_act(record: Record, act: activities.Activity) -> Result:
    return Result(record.item_no, _OF_ACTS.get(act.status, PENDING), act.id, act.reason_code)


def _wait(partner: DataPartner, record: Record, source: str, tables: Tables, now: datetime) -> Result:
    """Keep it until its account is bound, or say that it is kept. Should it be bound at this very moment, it is taken."""
    key = record_key(partner.id, record.item_no)
    if is_sandbox(partner, record.programme_id):
        return Result(record.item_no, UNBOUND, code=AWAITED)

    def build(session: Session) -> Result | Account:
        account = tables.partners.account(record.member_ref)
        if account is None or account.member_id:
            return account or Account(record.member_ref, "")
        existing = tables.ingestion.waiting(record.member_ref, key)
        if existing:
            return _kept(existing, record, source, now)
        made = Waiting(record.member_ref, key, partner.id, source, record, now, now + WAIT)
        tables.ingestion.put_waiting(session, made)
        session.check(
            tables.partners.table,
            ACCOUNT.key(member_ref=record.member_ref),
            "v = :v",
            {":v": account.version},
            error=OptimisticLockFailed(),
        )
        return Result(record.item_no, UNBOUND, code=AWAITED)

    found = attempt(tables.ingestion.dynamodb, build)
    if isinstance(found, Account):
        return take_one(partner, record, found, source=source, tables=tables, now=now)
    return found


def _kept(existing: Waiting, record: Record, source: str, now: datetime) -> Result:
    """The answer to a record that waits, or has waited."""
    if existing.record.content_hash != record.content_hash:
        return _refused(record, RECORD_CHANGED)
    known = existing.result(now)
    return known if existing.source == source else _again(known)


def _again(first: Result) -> Result:
    """What is answered to a record that came before; one that was refused is refused again."""
    return first if first.status == REFUSED else Result(first.item_no, DUPLICATE, first.activity_id)


def _refused(record: Record, code: str) -> Result:
    return Result(record.item_no, REFUSED, code=code)
