"""Every stored shape of ingestion has a golden item."""

from datetime import UTC, datetime, timedelta

from puhui.ingestion.model import Batch, Record, Result, Waiting
from puhui.ingestion.repository import BATCH, WAITING
from tests.support.golden import check

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
RESULT = Result("trip-1", "refused", "01ACT", "CAP_REACHED")


def test_a_batch():
    value = Batch("metro", "b-1", "digest", AT, True, (RESULT,), {"trip-2": "REF"})
    check("ingestion", "batch", BATCH, value)


def test_a_record_that_waits():
    record = Record(
        "trip-1", "REF", "guangdong-tanpuhui", "subway_trip", {"trips": 1}, AT, AT + timedelta(minutes=30)
    )
    later = AT + timedelta(hours=1), AT + timedelta(days=7)
    value = Waiting("REF", "hash-of-its-name", "metro", "batch:b-1", record, *later, RESULT, 2)
    check("ingestion", "waiting", WAITING, value)
