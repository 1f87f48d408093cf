"""A member's acts since a day, page by page: trials and corrections read many and keep none in memory."""

from collections.abc import Iterator
from datetime import date, timedelta

from puhui.activities.acts.model import Activity
from puhui.activities.tables import Activities

DAYS_A_READ = 30


def acts_since(member_id: str, programme_id: str, first: date, activities: Activities) -> Iterator[Activity]:
    """A member's acts of a programme on ``first`` and later, latest day first: two reads for thirty days with acts."""
    before: date | None = None
    while True:
        days = activities.days.latest(member_id, before, DAYS_A_READ)
        wanted = [day for day in days if day.day >= first]
        for day in wanted:
            listed = [entry.activity_id for entry in day.acts if entry.programme_id == programme_id]
            yield from activities.acts.find_all(member_id, list(dict.fromkeys(listed)))
        if len(days) < DAYS_A_READ or len(wanted) < len(days):
            return
        before = days[-1].day - timedelta(days=1)
