"""When an erasure may be asked for, and what an export shows when. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from puhui.kernel import ids
from puhui.privacy.erasures.model import FRESH, asked, require_fresh
from puhui.privacy.errors import SignInAgain
from puhui.privacy.exports.model import EXPIRED, FAILED, FETCHED, GATHERING, KEPT, READY, Export

NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)


def test_only_a_fresh_sign_in_confirms():
    require_fresh(ids.new_id(NOW - FRESH + timedelta(seconds=1)), NOW)
    for session in (ids.new_id(NOW - FRESH - timedelta(seconds=1)), "", "01K"):
        with pytest.raises(SignInAgain):
            require_fresh(session, NOW)


def test_an_execution_knows_when_to_begin():
    erasure = asked("M" * 26, 60, NOW)
    assert erasure.closes_at == NOW + timedelta(seconds=60)
    assert erasure.execution_input()["closes_at"] == "2026-12-01T04:31:00Z"


@pytest.mark.parametrize("status", [GATHERING, READY, FETCHED, FAILED])
def test_a_file_is_over_three_days_after_it_was_ready(status: str):
    export = Export("E" * 26, "M" * 26, status, NOW)
    if status in (READY, FETCHED):
        export = replace(export, ready_at=NOW)
    shown = export.as_of(NOW + KEPT)
    assert shown == (EXPIRED if status in (READY, FETCHED) else status)
    assert export.as_of(NOW + KEPT - timedelta(seconds=1)) == status
