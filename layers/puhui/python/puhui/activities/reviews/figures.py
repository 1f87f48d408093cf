"""How a programme's review desk does: how many wait, for how long, and how many were decided within the time that is promised."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from puhui.activities.reviews.agreement import percentile
from puhui.activities.reviews.model import SERVICE
from puhui.activities.reviews.repository import Reviews
from puhui.kernel import clock, ids
from puhui.kernel.scopes import OutOfScope, Scope

DAYS = 7
COUNTED_MAX = 20_000


def figures_body(
    programme_id: str, jurisdiction: str, scope: Scope, *, reviews: Reviews, now: datetime
) -> dict[str, Any]:
    """The contract's ReviewFigures: what waits at this moment, by the times in the reviews' ids; what was decided on the last DAYS days.
    A query for each thousand or so that wait, and one read. Raises OutOfScope."""
    if not scope.covers(programme_id, jurisdiction):
        raise OutOfScope(place=programme_id)
    found = islice(reviews.waiting(programme_id), COUNTED_MAX)
    ages = sorted(max(0, int((now - ids.time_of(each)).total_seconds())) for each in found)
    today = clock.programme_day(now)
    days = [(today - timedelta(days=back)).isoformat() for back in range(DAYS)]
    counts = reviews.counts(programme_id, days)
    decided, in_time = (sum(each[place] for each in counts) for place in (0, 1))
    late = sum(1 for age in ages if age > SERVICE.total_seconds())
    body: dict[str, Any] = {
        "programme_id": programme_id,
        "waiting": len(ages),
        "median_age_seconds": percentile(ages, 50),
        "p95_age_seconds": percentile(ages, 95),
        "service_seconds": int(SERVICE.total_seconds()),
        "overdue": late,
        "decided": decided,
        "decided_in_time": in_time,
    }
    return body | ({"in_time_percent": 100 * in_time // decided} if decided else {})
