"""What has to be looked after at a time: acts that nobody collected, and acts that wait for a verification which stopped.

An act that waits for a machine stands in the index ``claims_by_due`` from its first write on, so that nothing has to go well
for it to be found. A look at it starts its verification, again where that has failed, and moves the next look to when the act
is twice as old; once the act's hold has run out it is ended, so that it waits no longer than VERIFICATION_DAYS.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from puhui.activities import claims, verification
from puhui.activities.dynamo import DUE_SHARDS
from puhui.activities.model import MATURING, VERIFYING, Activity
from puhui.activities.ports import Books
from puhui.activities.usecases import VERIFICATION_DAYS
from puhui.store import states
from puhui.store.values import Item

LAPSED, STARTED, ENDED, WAITING, FAILED = "lapsed", "started", "ended", "waiting", "failed"


def look_after(
    books: Books,
    state_machine: str,
    now: datetime,
    clock_seconds: Callable[[], float],
    seconds_max: float,
) -> Counter[str]:
    """Look after what is due for at most ``seconds_max``: how many acts lapsed, had their verification started, were ended, go
    on waiting, or could not be looked after. Two runs at once are no harm."""
    until, done = clock_seconds() + seconds_max, Counter[str]()
    for member_id, activity_id in due(books, now):
        if clock_seconds() > until:
            break
        try:
            done[_look_at(member_id, activity_id, books, state_machine, now)] += 1
        except Exception:  # noqa: BLE001 one act must not hold up the others; the caller tells that there are such
            done[FAILED] += 1
    return done


def due(books: Books, now: datetime) -> Iterator[tuple[str, str]]:
    """Every (member id, activity id) that is to be looked at, shard by shard, in constant memory."""
    for shard in range(DUE_SHARDS):
        start: Item | None = None
        while True:
            found, start = books.activities.due_acts(shard, now, start)
            yield from found
            if start is None:
                break


def _look_at(member_id: str, activity_id: str, books: Books, state_machine: str, now: datetime) -> str:
    activity = books.activities.activity(member_id, activity_id)
    if activity is None or activity.status not in (MATURING, VERIFYING):
        return WAITING  # the index is behind its table
    if activity.status == MATURING:
        claims.lapse(member_id, activity_id, books=books, now=now)
        return LAPSED
    return _verify(activity, books, state_machine, now)


def _verify(activity: Activity, books: Books, state_machine: str, now: datetime) -> str:
    age = now - activity.recorded_at
    if age >= timedelta(days=VERIFICATION_DAYS):
        verification.refuse_activity(
            activity.member_id, activity.id, verification.EXPIRED_REASON, books=books, now=now
        )
        return ENDED
    started = states.start_again(state_machine, activity.id, verification.given(activity))
    books.activities.look_again(activity, activity.recorded_at + 2 * age)
    return STARTED if started else WAITING
