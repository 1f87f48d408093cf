"""Records that waited for their account to be bound are taken when it is."""

from dataclasses import replace
from datetime import datetime

from puhui.ingestion.model import CREDITED, REFUSED, Result, Waiting
from puhui.ingestion.records import take_one
from puhui.ingestion.tables import Tables
from puhui.partners.data_partners.api import Account
from puhui.partners.webhooks import api as webhooks
from puhui.store.session import Session, attempt


def take_waiting(account: Account, *, tables: Tables, now: datetime) -> list[Result]:
    """What became of the records that wait for this account, in whatever order; none unless it is still bound. May run twice.

    Of a suspended partner none is taken: they wait on, and end as never bound.
    """
    partner = tables.partners.get(account.partner_id)
    present = tables.partners.account(account.member_ref)
    if partner is None or present is None or not present.member_id:
        return []
    _ = partner.active_terms
    results = []
    for waiting in tables.ingestion.waiting_of(account.member_ref):
        if waiting.outcome is None and now < waiting.waits_until:
            result = take_one(partner, waiting.record, present, source=waiting.source, tables=tables, now=now)
            _keep(waiting, result, tables, now)
            results.append(result)
    return results


def _keep(waiting: Waiting, result: Result, tables: Tables, now: datetime) -> None:
    """Keep what became of it, and tell the partner."""

    def build(session: Session) -> None:
        current = tables.ingestion.waiting(waiting.member_ref, waiting.key)
        if current and current.outcome is None:
            tables.ingestion.put_waiting(session, replace(current, outcome=result))
            if kind := _TOLD_AS.get(result.status):
                told = {
                    "item_no": result.item_no,
                    "activity_id": result.activity_id,
                    "code": result.code,
                    "source": waiting.source,
                }
                event = webhooks.new_event(waiting.partner_id, kind, told, now)
                webhooks.Webhooks(tables.partners.dynamodb, tables.partners.table).add(session, event)

    attempt(tables.ingestion.dynamodb, build)


_TOLD_AS = {CREDITED: webhooks.ACT_CREDITED, REFUSED: webhooks.ACT_REFUSED}
