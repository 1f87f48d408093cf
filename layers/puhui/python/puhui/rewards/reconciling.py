"""Every five minutes: what should have ended by now is ended. Coupons expire, redemptions that nobody ended are reconciled."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from puhui.rewards import checks
from puhui.rewards.coupons import usecases as coupons
from puhui.rewards.redemptions import reconciling as redemptions
from puhui.rewards.redemptions.saga import Dependencies

PAGE = 50
RUN_SECONDS = 300  # the next run comes then and goes on
WORKS_SECONDS = 240  # what is begun before has its partner's time to end
COUPON = "K#"


@dataclass
class _Run:
    """``silences``: how many times in a row each partner did not answer."""

    deps: Dependencies
    now: datetime
    deadline: float
    done: dict[str, int] = field(default_factory=lambda: {"coupons": 0, "redemptions": 0})
    silences: Counter[str] = field(default_factory=Counter)
    failures: list[Exception] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline


def reconcile(*, deps: Dependencies, now: datetime) -> dict[str, int]:
    """Check everything whose time has come, oldest first, shard by shard: {coupons, redemptions}.

    Each run begins with another shard, and in each page with what no partner decides on, so that none of them waits for
    partners that hang. A failure leaves its item to the next run and stops nothing else; the first one is raised at the end.
    """
    run = _Run(deps, now, time.monotonic() + WORKS_SECONDS)
    first = int(now.timestamp()) // RUN_SECONDS
    for shard in range(first, first + checks.END_SHARDS):
        _check_shard(shard % checks.END_SHARDS, run)
    if run.failures:
        raise run.failures[0]
    return run.done


def _check_shard(shard: int, run: _Run) -> None:
    seen: set[tuple[str, str]] = set()  # what remains in the index must not hide what follows it
    while not run.is_over:
        limit = PAGE + len(seen)
        found = run.deps.rewards.checks.before(shard, run.now, limit)
        fresh = [each for each in found if each not in seen]
        for member_id, entry in sorted(fresh, key=lambda each: not each[1].startswith(COUPON)):
            if run.is_over:
                return
            _check(member_id, entry, run)
        seen.update(found)
        if len(found) < limit:
            return


def _check(member_id: str, entry: str, run: _Run) -> None:
    subject, deps, now = entry[2:], run.deps, run.now
    try:
        if entry.startswith(COUPON):
            if coupons.expire(member_id, subject, rewards=deps.rewards, ledger=deps.ledger, now=now):
                run.done["coupons"] += 1
        elif redemptions.reconcile(member_id, subject, deps=deps, now=now, silences=run.silences):
            run.done["redemptions"] += 1
    except Exception as error:  # noqa: BLE001 raised at the end, when the others have had their turn
        run.failures.append(error)
