"""What has to be looked after at a time: coupons that end, redemptions that nobody ended."""

import time
from datetime import datetime

from puhui.rewards import coupons, saga
from puhui.rewards.items import END_SHARDS
from puhui.rewards.saga import Desk

PAGE = 50
WORKS_SECONDS = 240  # the next run comes after five minutes and goes on


def look_after(*, desk: Desk, now: datetime) -> dict[str, int]:
    """Look after everything whose time has come, oldest first, shard by shard: {coupons, redemptions}.

    One that fails stays for the next run and stops nothing else; the first failure is raised at the end.
    """
    done = {"coupons": 0, "redemptions": 0}
    failures: list[Exception] = []
    deadline = time.monotonic() + WORKS_SECONDS
    for shard in range(END_SHARDS):
        seen: set[tuple[str, str]] = set()  # what stays in its place must not hide what stands behind it
        while time.monotonic() < deadline:
            limit = PAGE + len(seen)
            places = desk.rewards.due_places(shard, now, limit)
            for member_id, entry in (place for place in places if place not in seen):
                _one(member_id, entry, done, failures, desk, now)
            seen.update(places)
            if len(places) < limit:
                break
    if failures:
        raise failures[0]
    return done


def _one(
    member_id: str,
    entry: str,
    done: dict[str, int],
    failures: list[Exception],
    desk: Desk,
    now: datetime,
) -> None:
    subject = entry[2:]
    try:
        if entry.startswith("K#"):
            if coupons.expire(member_id, subject, rewards=desk.rewards, ledger=desk.ledger, now=now):
                done["coupons"] += 1
        else:
            saga.look_after(member_id, subject, desk=desk, now=now)
            done["redemptions"] += 1
    except Exception as error:  # noqa: BLE001 raised at the end, when the others have had their turn
        failures.append(error)
