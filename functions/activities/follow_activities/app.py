"""Stream of the activities' table: start verifications, answer waiting tasks, join at the first act."""

import os
from datetime import datetime

from puhui.activities.stream import follow
from puhui.activities.tables import Activities
from puhui.edge.stream import Change, stream

ACTIVITIES = Activities.from_environment()
STATE_MACHINE = os.environ["VERIFICATION_STATE_MACHINE"]


@stream("follow_activities")
def app(change: Change, now: datetime) -> None:
    follow(change.new, STATE_MACHINE, ACTIVITIES, now)
