"""Who counts as a minor, and what minors may not do. Pure.

Only a birth year is declared. It is read so that nobody is taken for older than they may be: the whole year of the 14th birthday is
still a child's, the whole year of the 18th still a minor's.
"""

from collections.abc import Collection
from datetime import date

from puhui.members.errors import NotForMinors

CHILD, TEEN, ADULT = "child", "teen", ""
CHILD_YEARS, MINOR_YEARS = 14, 18
RANKED_BY_NAME, INVITES, POSTS, TRADES, CASHES_OUT, LOTTERIES = (
    "ranking_by_name",
    "invitations",
    "posts",
    "trade",
    "cash_out",
    "lottery",
)
# What is closed to them, whatever a guardian says.
CLOSED = {
    CHILD: (RANKED_BY_NAME, INVITES, POSTS, TRADES, CASHES_OUT, LOTTERIES),
    TEEN: (TRADES, CASHES_OUT),
    ADULT: (),
}


def age_group(birth_year: int | None, today: date) -> str:
    """CHILD (under 14), TEEN (14 to 17) or ADULT, which is also who declared nothing."""
    if birth_year is None:
        return ADULT
    years = today.year - birth_year
    return CHILD if years <= CHILD_YEARS else TEEN if years <= MINOR_YEARS else ADULT


def require_open(what: str, *groups: str) -> None:
    """Raise NotForMinors when any of the age groups may not do ``what``: both sides of an invitation count."""
    for group in groups:
        if what in CLOSED[group]:
            raise NotForMinors(what=what)


def closed_to(group: str) -> Collection[str]:
    """What the member's view says of it."""
    return CLOSED[group]
