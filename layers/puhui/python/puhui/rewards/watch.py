"""What has to be looked after at a time: coupons that end, redemptions that nobody ended."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from puhui.rewards import coupons, saga
from puhui.rewards.items import END_SHARDS
from puhui.rewards.saga import Desk

PAGE = 50
RUN_SECONDS = 300  # the next run comes then and goes on
WORKS_SECONDS = 240  # what is begun before has its partner's time to end


@dataclass
class _Run:
    """``silences``: how many times in a row each partner did not answer."""

    desk: Desk
    now: datetime
    deadline: float
    done: dict[str, int] = field(default_factory=lambda: {"coupons": 0, "redemptions": 0})
    silences: Counter[str] = field(default_factory=Counter)
    failures: list[Exception] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline


def look_after(*, desk: Desk, now: datetime) -> dict[str, int]:
    """Look after everything whose time has come, oldest first, shard by shard: {coupons, redemptions}.

    Each run begins with another shard, and in each page with what no partner has a say in, so that none of them waits for
    partners that hang. One that fails stays for the next run and stops nothing else; the first failure is raised at the end.
    """
    run = _Run(desk, now, time.monotonic() + WORKS_SECONDS)
    first = int(now.timestamp()) // RUN_SECONDS
    for shard in range(first, first + END_SHARDS):
        _look_into(shard % END_SHARDS, run)
    if run.failures:
        raise run.failures[0]
    return run.done


def _look_into(shard: int, run: _Run) -> None:
    seen: set[tuple[str, str]] = set()  # what stays in its place must not hide what stands behind it
    while not run.is_over:
        limit = PAGE + len(seen)
        places = run.desk.rewards.due_places(shard, run.now, limit)
        fresh = [place for place in places if place not in seen]
        for member_id, entry in sorted(fresh, key=lambda place: not place[1].startswith("K#")):
            if run.is_over:
                return
            _one(member_id, entry, run)
        seen.update(places)
        if len(places) < limit:
            return


def _one(member_id: str, entry: str, run: _Run) -> None:
    subject, desk, now = entry[2:], run.desk, run.now
    try:
        if entry.startswith("K#"):
            if coupons.expire(member_id, subject, rewards=desk.rewards, ledger=desk.ledger, now=now):
                run.done["coupons"] += 1
        elif saga.look_after(member_id, subject, desk=desk, now=now, silences=run.silences):
            run.done["redemptions"] += 1
    except Exception as error:  # noqa: BLE001 raised at the end, when the others have had their turn
        run.failures.append(error)
