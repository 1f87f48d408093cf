"""A file's rows become acts through the one way in: each credited, refused or waiting once, at no more than a record's write units."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from puhui.ingestion.files.model import Totals
from puhui.ingestion.model import Result, records_of
from puhui.ingestion.records import take
from puhui.kernel import clock
from tests.contracts.ingestion.conftest import NOW, SENT, Side
from tests.contracts.ingestion.files.conftest import Desk


def row(n: int, side: Side, **changed: Any) -> dict[str, Any]:
    return {
        "item_no": f"r{n}",
        "member_ref": side.member_ref,
        "programme_id": "guangdong-tanpuhui",
        "behaviour": "subway_trip",
        "quantity": {"trips": 1},
        "occurred_at": clock.to_text(NOW - timedelta(hours=8 * n)),
        "ended_at": clock.to_text(NOW - timedelta(hours=8 * n) + timedelta(minutes=30)),
    } | changed


@pytest.fixture
def takes(side: Side) -> Callable[..., list[Result]]:
    def one(partner_id: str, items: Sequence[Mapping[str, Any]], places: Sequence[str]) -> list[Result]:
        assert partner_id == "metro"
        return take(
            side.partner, records_of(items), source="file", places=places, tables=side.tables, now=SENT
        )

    return one


def test_a_chunk_that_runs_again_finds_its_own_records(
    side: Side, desk: Desk, takes: Any, monkeypatch: pytest.MonkeyPatch
):
    unbound = side.register("card-2").member_ref
    rows = [row(n, side) for n in range(6)]
    rows += [row(2, side), row(7, side, member_ref="nobody"), row(8, side, member_ref=unbound)]
    rows += [row(3, side, quantity={"trips": 2})]
    content = "".join(json.dumps(each) + "\n" for each in rows).encode()
    file = desk.prepare(content)
    desk.upload(file, content)
    desk.look(file)
    (chunk,) = desk.cut(file)
    monkeypatch.setattr(desk.book, "take", takes)
    with monkeypatch.context() as patch:
        patch.setattr(desk.bucket, "put_part", lambda *_: 1 / 0)  # dies once everything was taken
        with pytest.raises(ZeroDivisionError):
            desk.take(file, chunk)
    desk.take(file, chunk)
    done = desk.close(file)
    assert done.totals
    assert (done.totals.credited, done.totals.refused, done.totals.duplicate, done.totals.waiting) == (
        6,
        2,
        1,
        1,
    )
    told = [json.loads(line) for line in desk.result(file).splitlines()]
    assert [each["status"] for each in told] == [
        *["credited"] * 6,
        "duplicate",
        "refused",
        "unbound",
        "refused",
    ]
    assert told[9]["code"] == "RECORD_CHANGED"
    assert side.sound()
    assert side.balance().amounts["reduced_mg"] == 6 * 515_500


def test_another_file_with_the_same_rows_credits_nothing_more(
    side: Side, desk: Desk, takes: Any, monkeypatch: Any
):
    monkeypatch.setattr(desk.book, "take", takes)
    rows = [json.dumps(row(n, side)) + "\n" for n in range(4)]
    totals: list[Totals] = []
    for order in (rows, rows[::-1]):
        content = "".join(order).encode()
        file = desk.prepare(content)
        desk.upload(file, content)
        ended = desk.run(file)
        assert ended.totals
        totals.append(ended.totals)
    assert [(each.credited, each.duplicate) for each in totals] == [(4, 0), (0, 4)]
    assert side.sound()


def test_a_record_of_a_day_long_past_goes_on_as_new(side: Side, desk: Desk, takes: Any, monkeypatch: Any):
    """Nothing is opened again: its transfer is of today."""
    monkeypatch.setattr(desk.book, "take", takes)
    content = (json.dumps(row(9, side)) + "\n").encode()
    file = desk.prepare(content)
    desk.upload(file, content)
    desk.run(file)
    (told,) = [json.loads(line) for line in desk.result(file).splitlines()]
    act = side.tables.activities.activities.acts.find(side.member_id, told["activity_id"])
    assert act
    assert act.day < clock.programme_day(SENT)
    assert act.brought_by == f"file/{file.id}/1"


def test_a_suspended_partners_file_stops(side: Side, desk: Desk, takes: Any, monkeypatch: Any):
    from puhui.partners.data_partners import usecases  # noqa: PLC0415
    from puhui.partners.data_partners.errors import DataPartnerSuspended  # noqa: PLC0415

    content = (json.dumps(row(1, side)) + "\n").encode()
    file = desk.prepare(content)
    desk.upload(file, content)
    desk.look(file)
    (chunk,) = desk.cut(file)
    suspended = usecases.suspend("metro", "operator-1", "why", partners=side.tables.partners, now=SENT)
    monkeypatch.setattr(side, "partner", suspended)
    monkeypatch.setattr(desk.book, "take", takes)
    with pytest.raises(DataPartnerSuspended):
        desk.take(file, chunk)
    assert desk.close(file).status == "stopped"
