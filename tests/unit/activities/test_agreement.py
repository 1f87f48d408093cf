"""Cohen's kappa of published tables, and nearest-rank percentiles."""

from fractions import Fraction

import pytest

from puhui.activities.reviews.agreement import cohens_kappa, per_mille, percentile, table_of


@pytest.mark.parametrize(
    ("table", "kappa", "rounded"),
    [
        ([[20, 5], [10, 15]], Fraction(2, 5), 400),  # fifty grant proposals
        ([[45, 15], [25, 15]], Fraction(3, 23), 130),  # 60 of 100 agreed in both of these
        ([[25, 35], [5, 35]], Fraction(7, 27), 259),
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], Fraction(29, 59), 492),  # Cohen 1960: .492
        ([[7, 0], [0, 5]], Fraction(1), 1000),
        ([[0, 5], [5, 0]], Fraction(-1), -1000),
        ([[0, 0], [0, 0]], None, None),
        ([[9, 0], [0, 0]], None, None),
    ],
)
def test_kappa_is_that_of_the_published_table(table: list[list[int]], kappa: Fraction | None, rounded: int):
    assert cohens_kappa(table) == kappa
    assert per_mille(kappa) == rounded


def test_a_tally_is_a_table_of_what_was_decided_by_what_is_known():
    assert table_of({"approve_approve": 20, "approve_refuse": 5, "refuse_approve": 10}) == [[20, 5], [10, 0]]


@pytest.mark.parametrize(("percent", "value"), [(50, 35), (95, 50), (30, 20), (100, 50)])
def test_the_percentile_is_the_nearest_rank(percent: int, value: int):
    assert percentile([15, 20, 35, 40, 50], percent) == value
    assert percentile([], percent) == 0
