"""What is checked by the schedule: acts that nobody collected, acts whose verification stopped, and held acts that are to be settled.

An act that waits for a machine is in the index ``acts_by_next_check`` from its first write on, so that nothing has to go well
for it to be found. A check starts its verification, again where that has failed, and sets the next check to when the act
is twice as old; once the act's hold has run out it is ended, so that it waits no longer than VERIFICATION_DAYS.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from puhui.activities import verification
from puhui.activities.acts.model import HELD, MATURING, VERIFYING, Activity
from puhui.activities.acts.repository import CHECK_SHARDS
from puhui.activities.appeals import usecases as appeals
from puhui.activities.claims import collecting
from puhui.activities.recording import VERIFICATION_DAYS
from puhui.activities.reviews import reversals
from puhui.activities.reviews.usecases import EXPIRED_REASON
from puhui.activities.settling.settle import PlatformSilent, settle
from puhui.activities.tables import Tables
from puhui.kernel.pages import every
from puhui.store import states
from puhui.store.client import Key
from puhui.store.values import Item

EXPIRED, STARTED, ENDED, WAITING, FAILED = "expired", "started", "ended", "waiting", "failed"
LAPSED, STANDS = "lapsed", "stands"
SETTLED = "settled"
ASK_AGAIN, PATIENCE = (
    timedelta(minutes=30),
    timedelta(days=1),
)  # a platform that is silent for so long is not waited for
FindOut = Callable[[Activity, datetime], Mapping[str, int]]


def nothing(_activity: Activity, _now: datetime) -> Mapping[str, int]:
    """Nothing more is known."""
    return {}


def check_waiting(
    tables: Tables,
    state_machine: str,
    now: datetime,
    clock_seconds: Callable[[], float],
    seconds_max: float,
    find_out: FindOut = nothing,
) -> Counter[str]:
    """Check what waits for at most ``seconds_max``: how many acts expired, were settled, had their verification started, were ended,
    go on waiting, or could not be checked; how many appeals nobody decided and reversals nobody confirmed. Two runs at once are no
    harm. ``find_out``: what is asked about the member of a held act before it is settled; raises PlatformSilent."""
    until, done = clock_seconds() + seconds_max, Counter[str]()
    acts: Iterator[Callable[[], str]] = (
        partial(_check, key, tables, state_machine, now, find_out) for key in acts_to_check(tables, now)
    )
    for check in chain(_of_people(tables, now), acts):
        if clock_seconds() > until:
            break
        try:
            done[check()] += 1
        except Exception:  # noqa: BLE001 one act must not hold up the others; the caller reports that there are such
            done[FAILED] += 1
    return done


def _of_people(tables: Tables, now: datetime) -> Iterator[Callable[[], str]]:
    """What ends because no person decided it in time."""
    activities = tables.activities
    for appeal_id in every(partial(activities.appeals.due, now)):
        yield partial(_lapse, appeal_id, tables, now)
    for review_id in every(partial(activities.reviews.reversals_due, now)):
        yield partial(_close, review_id, tables, now)


def _lapse(appeal_id: str, tables: Tables, now: datetime) -> str:
    return LAPSED if appeals.lapse(appeal_id, tables=tables, now=now) else WAITING


def _close(review_id: str, tables: Tables, now: datetime) -> str:
    ended = reversals.close_reversal(review_id, reviews=tables.activities.reviews, now=now)
    return STANDS if ended else WAITING


def acts_to_check(tables: Tables, now: datetime) -> Iterator[Key]:
    """The key of every act whose next check has come, shard by shard, in constant memory."""
    for shard in range(CHECK_SHARDS):
        start: Item | None = None
        while True:
            found, start = tables.activities.acts.to_check(shard, now, start)
            yield from found
            if start is None:
                break


def _check(key: Key, tables: Tables, state_machine: str, now: datetime, find_out: FindOut) -> str:
    activity = tables.activities.acts.at(key)
    if activity is None or activity.status not in (MATURING, VERIFYING, HELD):
        return WAITING  # the index is behind its table
    if activity.status == HELD:
        return _settle(activity, tables, now, find_out)
    if activity.status == MATURING:
        collecting.expire(activity.member_id, activity.id, tables=tables, now=now)
        return EXPIRED
    return _verify(activity, tables, state_machine, now)


def _verify(activity: Activity, tables: Tables, state_machine: str, now: datetime) -> str:
    age = now - activity.waits_since
    if age >= timedelta(days=VERIFICATION_DAYS):
        who, which = activity.member_id, activity.id
        verification.close_review(
            who, which, activities=tables.activities, now=now
        )  # nobody waits for it any more
        verification.refuse_activity(who, which, EXPIRED_REASON, tables=tables, now=now)
        return ENDED
    name, given = verification.execution_name(activity), verification.execution_input(activity)
    started = states.start_again(state_machine, name, given)
    tables.activities.acts.check_again(activity, activity.waits_since + 2 * age)
    return STARTED if started else WAITING


def _settle(activity: Activity, tables: Tables, now: datetime, find_out: FindOut) -> str:
    due = activity.settles_at or now
    try:
        found = find_out(activity, now) if now >= due else {}
    except PlatformSilent:
        if now < due + PATIENCE:
            tables.activities.acts.check_again(activity, now + ASK_AGAIN)
            return WAITING
        found = {}
    ended = settle(activity.member_id, activity.id, found, tables=tables, now=now)
    return WAITING if ended.status == HELD else SETTLED
