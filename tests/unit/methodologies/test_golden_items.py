"""Every stored shape of the methodologies' table that is written by one declaration, kept as a file."""

from datetime import UTC, datetime, timedelta

import pytest

from puhui.methodologies.lifecycle import Step, Version
from puhui.methodologies.repository import VERSIONS
from tests.support.golden import check

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
VERSION = Version(
    "cycling-trip",
    "2",
    {"zh-CN": "骑行", "en": "Cycling"},
    "ab12",
    "CN-GD",
    "M1",
    "approved",
    (
        Step("filed", "M1", AT, "ab12", "first"),
        Step("approved", "M2", AT + timedelta(days=1), "cd34", "good"),
    ),
    2,
    ({"code": "FACTOR_FAR"},),
)


@pytest.mark.parametrize(("name", "prefix"), [("version", "M#"), ("factor_version", "F#")])
def test_a_version_with_its_history_by_name(name: str, prefix: str):
    check("methodologies", name, VERSIONS[prefix], VERSION)
