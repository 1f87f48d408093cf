"""A programme is filed by one person and started by another, on real tables."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from puhui.kernel import clock
from puhui.kernel.approvals import ProposerMayNotApprove
from puhui.programmes import api, presets, procedure, published
from puhui.programmes.decisions import CLOSING, Proposal
from puhui.programmes.errors import (
    AuthorMayNotStart,
    ClosingInThePast,
    GateNotAllowed,
    ProgrammeClosed,
    ProgrammeNotFound,
    ProgrammeShipped,
    ProposalChanged,
    VersionChanged,
    VersionNotNewer,
    VersionStarted,
    VersionTaken,
)
from puhui.programmes.filing import Filed
from puhui.programmes.repository import Programmes
from puhui.store.client import DynamoDB
from puhui.store.session import Session

NOW = clock.from_text("2026-11-21T12:00:00+08:00")


@pytest.fixture
def table(engine: str, make_table: Callable[[str], str]) -> Programmes:
    return Programmes(DynamoDB(), make_table("programmes"))


def document(version: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": "my-city", "version": version, **more}


def file(table: Programmes, by: str = "author", **more: Any) -> Filed:
    return procedure.file(document(**more), by, NOW, table=table)


def start(
    table: Programmes, filed: Filed, by: str = "approver", read: str = "", key: str | None = None
) -> Filed:
    also: Callable[[Session, Filed], None] = lambda _session, _filed: None  # noqa: E731
    return procedure.start(
        filed.id, filed.version, by, read or filed.hash, NOW, table=table, also=also, key=key
    )


def running(table: Programmes) -> Mapping[str, Any] | None:
    standing = table.running("my-city")
    return standing.document if standing else None


def test_a_draft_counts_nothing_until_somebody_else_starts_it(table: Programmes):
    filed = file(table)
    assert table.running("my-city") is None
    with pytest.raises(AuthorMayNotStart):
        start(table, filed, by="author")
    started = start(table, filed)
    assert (started.status, started.started_by) == ("running", "approver")
    assert running(table) == document()
    assert [each.document for each in table.all_running()] == [document()]
    assert start(table, filed) == started


def test_a_draft_is_changed_by_its_author_only_and_read_again_before_it_is_started(table: Programmes):
    first = file(table)
    assert file(table) == first
    with pytest.raises(VersionTaken):
        file(table, by="another", name="x")
    changed = file(table, name="better")
    with pytest.raises(VersionChanged):
        start(table, changed, read=first.hash)
    start(table, changed)
    with pytest.raises(VersionStarted):
        file(table, name="different again")


def test_only_a_later_version_takes_the_place_of_a_running_one(table: Programmes):
    start(table, file(table, version="2"))
    old, new = file(table, version="1"), file(table, version="10")
    with pytest.raises(VersionNotNewer):
        start(table, old)
    start(table, new)
    assert (running(table) or {})["version"] == "10"


def test_a_version_that_another_has_replaced_is_superseded_and_not_started_again(table: Programmes):
    first = start(table, file(table, version="1"), key="the request")
    assert start(table, first, by="another") == first  # while it runs, starting it again changes nothing
    assert procedure.find("my-city", "1", table=table).status == "running"
    start(table, file(table, version="2"))
    assert procedure.find("my-city", "1", table=table).status == "superseded"
    assert procedure.find("my-city", "2", table=table).status == "running"
    assert file(table, version="1").status == "superseded"
    for who, key in (("approver", None), ("approver", "another request"), ("another", "the request")):
        with pytest.raises(VersionNotNewer) as refused:
            start(table, first, by=who, key=key)
        assert refused.value.details["running"] == "2"
    assert start(table, first, key="the request") == first
    with pytest.raises(VersionStarted):
        file(table, version="1", name="different")
    assert (running(table) or {})["version"] == "2"


def test_a_filed_version_is_superseded_by_a_later_one_of_the_layer(
    table: Programmes, monkeypatch: pytest.MonkeyPatch
):
    shipped = presets.document("carbon-88")
    filed = procedure.file(shipped | {"version": "100"}, "author", NOW, table=table)
    start(table, filed)
    assert procedure.find("carbon-88", "100", table=table).status == "running"
    monkeypatch.setattr(presets, "document", lambda _id: shipped | {"version": "101"})
    assert procedure.find("carbon-88", "100", table=table).status == "superseded"


def test_of_two_who_start_two_versions_at_once_the_later_one_runs(table: Programmes):
    one, two = file(table, version="1"), file(table, version="2")
    put_running, calls = table.put_running, 0

    def slow(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:  # while the first is at it, the second is quicker
            start(table, two)
        put_running(*arguments)

    table.put_running = slow  # type: ignore[method-assign]
    with pytest.raises(VersionNotNewer):
        start(table, one)
    assert (running(table) or {})["version"] == "2"


def test_a_version_of_the_layer_is_only_followed_by_a_later_one(table: Programmes):
    shipped = presets.document("carbon-88")
    for version in ("1", shipped["version"]):
        with pytest.raises(ProgrammeShipped):
            procedure.file(shipped | {"version": version}, "author", NOW, table=table)
    with pytest.raises(ProgrammeNotFound):
        procedure.find("my-city", "1", table=table)


@pytest.fixture
def minutes(table: Programmes, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What functions know is kept for a minute; the seconds are the test's."""
    monkeypatch.setenv("PROGRAMMES_TABLE", table.table)
    seconds = [0.0]
    monkeypatch.setattr(published.time, "monotonic", lambda: seconds[0])
    for kept in (published._kept, published._versions):
        kept.clear()
    published._table.cache_clear()
    yield seconds
    for kept in (published._kept, published._versions):
        kept.clear()
    published._table.cache_clear()


def test_what_is_running_is_read_again_after_a_minute(table: Programmes, minutes: list[float]):
    assert published.running_state("my-city") is None
    start(table, file(table))
    assert published.running_state("my-city") is None
    minutes[0] = 61
    found = published.running_state("my-city")
    assert found is not None
    assert found.document == document()


def test_a_filed_version_takes_a_presets_place_and_old_acts_keep_theirs(
    table: Programmes, minutes: list[float]
):
    shipped = presets.document("carbon-88")
    later = shipped | {"version": "100", "points": {"mg_per_point": 500, "valid_months": 3}}
    assert api.programme("carbon-88").version == shipped["version"]
    start(table, procedure.file(later, "author", NOW, table=table))
    minutes[0] = 61
    assert (api.programme("carbon-88").version, api.programme("carbon-88").points.mg_per_point) == (
        "100",
        500,
    )  # type: ignore[union-attr]
    before = api.programme("carbon-88", shipped["version"])
    assert (before.version, before.points.mg_per_point) == (shipped["version"], 1000)  # type: ignore[union-attr]
    assert [each.version for each in api.all_programmes() if each.id == "carbon-88"] == ["100"]
    latest = later | {"version": "101", "points": shipped["points"]}
    start(table, procedure.file(latest, "author", NOW, table=table))
    minutes[0] = 122
    assert api.programme("carbon-88").version == "101"
    assert api.programme("carbon-88", "100").points.mg_per_point == 500  # type: ignore[union-attr]


def decide(
    table: Programmes, subject: str, wanted: bool | str, by: str = "one", reason: str = "because"
) -> Proposal:
    made = Proposal("guangdong-tanpuhui", subject, wanted, reason, by, NOW, 1)
    return procedure.propose(made, table=table)


def approve(table: Programmes, proposed: Proposal, by: str = "other", at: datetime = NOW) -> Proposal:
    told: list[Proposal] = []
    return procedure.approve(
        proposed.programme_id,
        proposed.subject,
        by,
        proposed.hash,
        at,
        table=table,
        also=lambda _session, made: told.append(made),
    )


def test_a_gate_is_decided_by_two_people_and_stays_decided_whatever_version_runs(
    table: Programmes, minutes: list[float]
):
    proposed = decide(table, "pooled_sale", wanted=True)
    assert decide(table, "pooled_sale", wanted=True) == proposed
    with pytest.raises(ProposerMayNotApprove):
        approve(table, proposed, by="one")
    changed = decide(table, "pooled_sale", wanted=True, reason="another reason")
    with pytest.raises(ProposalChanged):
        approve(table, proposed)
    approved = approve(table, changed)
    assert approve(table, changed) == approved
    minutes[0] = 61
    assert api.programme("guangdong-tanpuhui").gates["pooled_sale"]
    later = presets.document("guangdong-tanpuhui") | {"version": "100"}
    start(table, procedure.file(later, "author", NOW, table=table))
    minutes[0] = 122
    assert api.programme("guangdong-tanpuhui").version == "100"
    assert api.programme("guangdong-tanpuhui").gates["pooled_sale"]
    approve(table, decide(table, "pooled_sale", wanted=False))
    minutes[0] = 183
    assert not api.programme("guangdong-tanpuhui").gates["pooled_sale"]


def test_a_gate_that_its_place_keeps_closed_is_neither_proposed_nor_filed(table: Programmes):
    with pytest.raises(GateNotAllowed):
        decide(table, "cash_out", wanted=True)
    gates = {"personal_trading": True, "pooled_sale": False, "cash_out": False, "export": False}
    with pytest.raises(GateNotAllowed):
        procedure.file(
            presets.document("carbon-88") | {"version": "9", "gates": gates}, "a", NOW, table=table
        )
    decide(table, "cash_out", wanted=False)  # closing is always possible


def test_a_programme_ends_at_the_moment_that_two_people_decided(table: Programmes, minutes: list[float]):
    with pytest.raises(ClosingInThePast):
        decide(table, CLOSING, clock.to_text(NOW - timedelta(seconds=1)))
    end = NOW + timedelta(days=30)
    proposed = decide(table, CLOSING, clock.to_text(end))
    with pytest.raises(ClosingInThePast):
        approve(table, proposed, at=end + timedelta(seconds=1))
    approve(table, proposed)
    minutes[0] = 61
    programme = api.programme("guangdong-tanpuhui")
    assert (programme.closes_at, programme.closed_because) == (end, "because")
    programme.require_open(end - timedelta(seconds=1))
    with pytest.raises(ProgrammeClosed):
        programme.require_open(end)
