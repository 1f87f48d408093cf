"""Every stored shape of the laboratory's table, kept as a file."""

from datetime import UTC, date, datetime

from puhui.laboratory.model import Correction, Difference, MemberDifference, Trial
from puhui.laboratory.repository import CORRECTION, DIFFERENCE, TRIAL
from tests.support.golden import check

AT = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
DAY = date(2026, 11, 30)


def test_a_trial():
    trial = Trial(
        "T1",
        "carbon-88",
        "cycling-trip",
        {"id": "cycling-trip", "value": 0.5},
        30,
        DAY,
        ({"quantity": {"distance_m": 2_000}},),
        "M1",
        "b0d7",
        "done",
        {"cases": [1]},
        True,
    )
    check("laboratory", "trial", TRIAL, trial)


def test_a_correction():
    days = DAY.replace(day=1), DAY
    correction = Correction(
        "C1",
        "carbon-88",
        "f@1",
        "f@2",
        *days,
        "因子有误",
        "M1",
        "b0d7",
        "running",
        "M2",
        AT,
        {"acts": 1},
        True,
    )
    check("laboratory", "correction", CORRECTION, correction)


def test_one_shards_difference():
    members = (MemberDifference(7, "M1", 10, 3), MemberDifference(5, "M2", 20, 25))
    check("laboratory", "difference", DIFFERENCE, Difference(9, 2, 3, 1_000, 900, {"A": 1}, members))
