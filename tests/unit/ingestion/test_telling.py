"""What a data partner is told of its records' acts, after the answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from puhui.activities.recording_api import Activity
from puhui.ingestion.telling import told_of
from puhui.kernel import ids

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
TRANSFER = ids.new_id(NOW - timedelta(hours=1))
ACT = Activity(
    "R1", "M1", "beijing-maas", "bus_trip", "maturing", NOW, NOW, {"trips": 1}, 1, 0, {},
    first_status="maturing", partner_id="metro", brought_by="batch:1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "kind", "at"),
    [
        ({"status": "credited", "entry_id": TRANSFER}, "act.credited", ids.time_of(TRANSFER)),
        ({"status": "refused", "reason_code": "VOIDED"}, "act.refused", NOW),
        ({"status": "expired"}, "act.refused", NOW),
        ({"status": "reversed", "reversal": {"at": "2026-12-01T09:00:00+08:00"}}, "act.reversed", NOW - timedelta(hours=1)),
    ],
)  # fmt: skip
def test_what_came_after_the_answer_is_told_once(changed: dict[str, object], kind: str, at: datetime):
    act = replace(ACT, **changed)  # type: ignore[arg-type]
    told = told_of(act, NOW)
    assert told
    assert (told.type, told.partner_id, told.at) == (kind, "metro", at)
    assert told.data["activity_id"] == "R1"
    assert "M1" not in told.body.decode()
    assert told_of(act, NOW) == told


def test_what_the_answer_said_is_not_told():
    credited = replace(ACT, status="credited", first_status="credited", entry_id=TRANSFER)
    assert told_of(credited, NOW) is None
    assert told_of(ACT, NOW) is None


def test_a_members_own_act_is_nobodys_business():
    assert told_of(replace(ACT, partner_id="", status="refused"), NOW) is None
