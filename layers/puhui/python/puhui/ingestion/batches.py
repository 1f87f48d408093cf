"""Batches: the same batch again gives the same answer, wherever the first run of it ended."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.ingestion.errors import BatchNotFound
from puhui.ingestion.model import UNBOUND, Batch, Record, Result, digest, record_key, totals
from puhui.ingestion.records import take
from puhui.ingestion.tables import Tables
from puhui.partners.data_partners.api import DataPartner


def ingest(
    partner: DataPartner, batch_id: str, records: Sequence[Record], *, tables: Tables, now: datetime
) -> Batch:
    """The batch with its answer. ``batch_id``: "" where its content is its name.

    A batch is begun under its id, taken record by record, and answered; an answer is stored once. A run that dies in between is
    made up for by the next one, whose records find themselves taken by this very batch.
    Raises BatchIdReused, DataPartnerSuspended, Unavailable.
    """
    content = digest(records)
    wanted = Batch(partner.id, batch_id or content, content, now, partner.active_terms.sandbox)
    batch = tables.ingestion.start(wanted)
    if batch.answer is not None:
        return batch
    results = take(partner, records, source=batch.source, tables=tables, now=now)
    refs = tuple(each.member_ref for each in records)
    return tables.ingestion.finish(replace(batch, answer=tuple(results), waits_for=_waiting(refs, results)))


def get_batch(partner: DataPartner, batch_id: str, *, tables: Tables, now: datetime) -> Batch:
    """The batch with what has become of each record by now: those that waited may have been taken. Raises BatchNotFound."""
    batch = tables.ingestion.batch(partner.id, batch_id)
    if batch is None or batch.answer is None:
        raise BatchNotFound
    names = [(ref, record_key(partner.id, item_no)) for item_no, ref in batch.waits_for.items()]
    found = {
        waiting.record.item_no: waiting.result(now)
        for waiting in tables.ingestion.all_waiting(names)
        if waiting
    }
    return replace(batch, answer=tuple(_by_now(each, found) for each in batch.answer))


def batch_body(batch: Batch) -> dict[str, Any]:
    """The contract's ``IngestedBatch``."""
    results = batch.answer or ()
    return {
        "batch_id": batch.batch_id,
        "items": [each.body() for each in results],
        "totals": totals(results),
        "sandbox": batch.sandbox,
    }


def _waiting(refs: Sequence[str], results: Sequence[Result]) -> dict[str, str]:
    return {each.item_no: ref for ref, each in zip(refs, results, strict=True) if each.status == UNBOUND}


def _by_now(result: Result, found: dict[str, Result]) -> Result:
    return found.get(result.item_no, result) if result.status == UNBOUND else result
