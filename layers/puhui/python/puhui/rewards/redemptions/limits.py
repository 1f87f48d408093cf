"""How many pieces a member has taken of a reward: ever, and in a day."""

from puhui.kernel import clock
from puhui.kernel.errors import DomainError
from puhui.ledger.api import member
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.errors import DayLimitReached, LimitReached
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.repository import Repository
from puhui.store.client import Key
from puhui.store.session import Session

DAY_LIMIT_SECONDS = 3 * 86_400  # a day's counter expires by itself


class LimitRepository(Repository):
    """Counters of members."""

    def count(self, session: Session, redemption: Redemption, reward: Reward) -> None:
        """Count the pieces against the reward's limits. Raises LimitReached, DayLimitReached; at once for more than the limit."""
        quantity = redemption.quantity
        if (limit := reward.per_member_limit) is not None:
            if quantity > limit:
                raise LimitReached(limit=limit, taken=0)
            self._count(session, self._key(redemption), quantity, limit, LimitReached(limit=limit))
        if (limit := reward.per_day_limit) is not None:
            if quantity > limit:
                raise DayLimitReached(limit=limit, taken=0)
            error, end = DayLimitReached(limit=limit), _day_end(redemption)
            self._count(session, self._day_key(redemption), quantity, limit, error, end)

    def give_back(self, session: Session, redemption: Redemption, pieces: int) -> None:
        """Take pieces off the limits that they were counted against."""
        if redemption.counts_for_member:
            session.update(*self._key(redemption), "ADD taken :n", {":n": -pieces})
        if redemption.counts_for_day:  # an expired counter is made again, and expires again
            values = {":n": -pieces, ":end": _day_end(redemption)}
            session.update(*self._day_key(redemption), "ADD taken :n SET expires_at = :end", values)

    def _count(
        self, session: Session, key: Key, count: int, limit: int, error: DomainError, end: int = 0
    ) -> None:
        values, expression = {":q": count, ":room": limit - count}, "ADD taken :q"
        if end:
            expression, values[":end"] = f"{expression} SET expires_at = :end", end
        condition = "attribute_not_exists(taken) OR taken <= :room"
        session.update(*key, expression, values, condition=condition, error=error)

    def _key(self, redemption: Redemption) -> Key:
        return Key(self.table, {"owner": member(redemption.member_id), "entry": f"L#{redemption.reward_id}"})

    def _day_key(self, redemption: Redemption) -> Key:
        day = clock.programme_day(redemption.redeemed_at).isoformat()
        return Key(
            self.table, {"owner": member(redemption.member_id), "entry": f"L#{redemption.reward_id}#{day}"}
        )


def _day_end(redemption: Redemption) -> int:
    return int(redemption.redeemed_at.timestamp()) + DAY_LIMIT_SECONDS
