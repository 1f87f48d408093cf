"""What the table's stream puts on record for the rules, after an act or a decision: once, however often a change comes."""

from datetime import datetime

from puhui.activities.acts.model import HELD, REFUSED, VERIFYING, WALKING, Activity
from puhui.activities.reviews.model import Review
from puhui.activities.risk.features import STEPS_PATTERN_LEAST
from puhui.activities.risk.records import mark_of
from puhui.activities.tables import Activities
from puhui.kernel import clock


def remember(activity: Activity, activities: Activities, now: datetime) -> None:
    """Who used the device, who walked so much, what is held, and which rules fired."""
    records = activities.risk
    if activity.device:
        day = clock.programme_day(activity.recorded_at)
        home = activities.households.residences_of(activity.member_id).household_on(day)
        records.used_device(activity.device, day, mark_of(home))
    if activity.behaviour == WALKING and (steps := activity.quantity.get("steps", 0)) >= STEPS_PATTERN_LEAST:
        records.walked(activity.day, steps, mark_of(activity.member_id))
    if activity.settles_at:
        place = activity.programme_id, activity.settles_at, activity.id
        if activity.status == HELD:
            records.hold(*place, activity.member_id)
        else:
            records.release(*place)
    if activity.status != VERIFYING:
        records.count_fired(activity.id, (*activity.rules, *activity.shadows), now)
    if activity.voiding and activity.status == REFUSED:
        records.count_decided(activity.id, (*activity.rules, *activity.shadows), now, confirmed=True)


def count_decision(review: Review, activities: Activities, now: datetime) -> None:
    """A person decided: the rules that fired were right if the act is refused."""
    if activity := activities.acts.find(review.member_id, review.activity_id):
        names = (*activity.rules, *activity.shadows)
        activities.risk.count_decided(activity.id, names, now, confirmed=review.decision == "refuse")
