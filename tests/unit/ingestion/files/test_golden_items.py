"""The stored form of a partner's file."""

from datetime import UTC, datetime

from puhui.ingestion.files.model import PartnerFile, Sums, Totals
from puhui.ingestion.files.repository import FILE
from tests.support import golden


def test_a_file_of_a_partner():
    totals = Totals(
        10,
        credited=4,
        refused=3,
        duplicate=2,
        waiting=1,
        behaviours={"bus_trip": Sums({"credited": 5}, {"trips": 6})},
    )
    file = PartnerFile(
        id="01FILE",
        partner_id="metro",
        file="day.csv",
        format="csv",
        sha256="ab" * 32,
        size=1000,
        rows=12,
        announced_at=datetime(2026, 12, 1, 1, tzinfo=UTC),
        status="stopped",
        signed={"signature": "sig=:c2ln:"},
        run=7,
        started_at=datetime(2026, 12, 1, 2, tzinfo=UTC),
        etag='"tag"',
        columns=("item_no", "quantity.trips"),
        chunks=8,
        code="FILE_CHUNKS_FAILED",
        found=9,
        ended_at=datetime(2026, 12, 1, 3, tzinfo=UTC),
        totals=totals,
    )
    golden.check("ingestion/files", "file", FILE, file)
