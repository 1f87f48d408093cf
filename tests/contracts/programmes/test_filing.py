"""A programme is filed by one person and started by another, on real tables."""

from collections.abc import Callable
from typing import Any

import pytest

from puhui.kernel import clock
from puhui.programmes import procedure, published
from puhui.programmes.dynamo import Programmes
from puhui.programmes.errors import (
    AuthorMayNotStart,
    ProgrammeNotFound,
    ProgrammeShipped,
    VersionChanged,
    VersionNotNewer,
    VersionStarted,
    VersionTaken,
)
from puhui.programmes.filing import Filed
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


def start(table: Programmes, filed: Filed, by: str = "approver", read: str = "") -> Filed:
    also: Callable[[Session, Filed], None] = lambda _session, _filed: None  # noqa: E731
    return procedure.start(filed.id, filed.version, by, read or filed.hash, NOW, table=table, also=also)


def test_a_draft_counts_nothing_until_somebody_else_starts_it(table: Programmes):
    filed = file(table)
    assert table.running("my-city") is None
    with pytest.raises(AuthorMayNotStart):
        start(table, filed, by="author")
    started = start(table, filed)
    assert (started.status, started.started_by) == ("running", "approver")
    assert table.running("my-city") == document()
    assert table.all_running() == [document()]
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
    assert (table.running("my-city") or {})["version"] == "10"


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
    assert (table.running("my-city") or {})["version"] == "2"


def test_a_programme_of_the_layer_is_not_changed_here(table: Programmes):
    with pytest.raises(ProgrammeShipped):
        procedure.file({"id": "carbon-88", "version": "2"}, "author", NOW, table=table)
    with pytest.raises(ProgrammeNotFound):
        procedure.find("my-city", "1", table=table)


def test_what_is_running_is_read_again_after_a_minute(table: Programmes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PROGRAMMES_TABLE", table.table)
    seconds = [0.0]
    monkeypatch.setattr(published.time, "monotonic", lambda: seconds[0])
    published._kept.clear()
    published._table.cache_clear()
    try:
        assert published.running("my-city") is None
        start(table, file(table))
        assert published.running("my-city") is None
        seconds[0] = 61
        assert published.running("my-city") == document()
    finally:
        published._kept.clear()
        published._table.cache_clear()
