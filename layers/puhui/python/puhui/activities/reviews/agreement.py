"""How far a verifier's decisions agree with known answers, and how long reviews wait. Pure.

Cohen's kappa (Educational and Psychological Measurement 20, 1960) is the agreement beyond what chance alone would bring: 1 is full, 0 is
chance. Of a table with n items, o of them on its diagonal, and e the sum of the products of its margins, it is (n * o - e) / (n * n - e).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from puhui.activities.reviews.model import APPROVE, REFUSE

DECISIONS = (APPROVE, REFUSE)
PER_MILLE = 1000


def cohens_kappa(table: Sequence[Sequence[int]]) -> Fraction | None:
    """Kappa of a square table of counts, one rater's categories by the other's; None where it has no meaning: no item, or all in one
    category of both."""
    size = range(len(table))
    total = sum(sum(row) for row in table)
    same = sum(table[each][each] for each in size)
    chance = sum(sum(table[each]) * sum(row[each] for row in table) for each in size)
    if total * total == chance:
        return None
    return Fraction(total * same - chance, total * total - chance)


def cell(given: str, known: str) -> str:
    """What the count of one pair is called in a tally."""
    return f"{given}_{known}"


def table_of(tally: Mapping[str, int]) -> list[list[int]]:
    """The table of a tally: what was decided by what is known."""
    return [[int(tally.get(cell(given, known), 0)) for known in DECISIONS] for given in DECISIONS]


def per_mille(value: Fraction | None) -> int | None:
    """A fraction in thousandths, to the nearest."""
    return None if value is None else round(value * PER_MILLE)


def percentile(ascending: Sequence[int], percent: int) -> int:
    """The nearest-rank percentile of values in order; 0 of none."""
    if not ascending:
        return 0
    rank = -(-len(ascending) * percent // 100)
    return ascending[max(0, rank - 1)]
