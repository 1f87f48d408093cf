"""Giving away what ends this month, for members who chose it: one redemption of a donation, out of that lot alone.

What will be redeemed is written down first (``begun``), under a key that derives from the lot: a run that dies in between is
finished by the next with the same redemption, whatever the balance holds by then.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime

from puhui.kernel.errors import DomainError
from puhui.ledger.api import Balance, Ledger, Transfer, is_limited, member
from puhui.points.dynamo import Points
from puhui.points.model import BEGUN, DONATE, DONATED, HAS_QUEUE, REFUSED, Donation, planned
from puhui.rewards.api import QUEUED, Redeem, Rewards, leave_queue, redeem
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.session import Session, attempt

Balances = Mapping[tuple[str, str], Balance]
Count = Callable[[Session, Mapping[str, int]], None]
"""Counts within a session."""


class LotLedger(Ledger):
    """A ledger that takes points out of one lot only: what a member spends meanwhile is never made up for out of points that
    end later."""

    def __init__(self, ledger: Ledger, lot: str) -> None:
        super().__init__(ledger.dynamodb, ledger.table)
        self.lot = lot

    def add(self, session: Session, transfers: list[Transfer], balances: Balances, today: date) -> None:
        """Add transfers whose points come out of the lot."""
        super().add(session, [self._named(each) for each in transfers], balances, today)

    def _named(self, transfer: Transfer) -> Transfer:
        legs = tuple(
            replace(leg, lot=self.lot)
            if leg.amount < 0 and leg.asset.startswith("PTS:") and is_limited(leg.account)
            else leg
            for leg in transfer.legs
        )
        return replace(transfer, legs=legs)


def donate(
    member_id: str,
    programme_id: str,
    lot: str,
    count: Count,
    *,
    points: Points,
    ledger: Ledger,
    rewards: Rewards,
    now: datetime,
) -> None:
    """Give what the lot holds if the member chose so, once. What cannot be given is left to expire, and the reason kept. What was
    begun is finished, whatever the member has chosen since."""
    begun = _begin(member_id, programme_id, lot, count, points, ledger, rewards)
    if begun is None or begun.status != BEGUN:
        return
    try:
        redemption = redeem(
            Redeem(member_id, begun.reward_id, begun.pieces, begun.key, f"{begun.key} {begun.pieces}"),
            rewards=rewards,
            ledger=LotLedger(ledger, lot),
            now=now,
        )
        if redemption.status == QUEUED:
            # when its turn comes the lot may have ended
            redemption = leave_queue(member_id, redemption.id, HAS_QUEUE, rewards)
        if redemption.is_over:
            after = replace(begun, status=REFUSED, points=0, code=redemption.reason_code)
            counts = {"donations_refused": 1}
        else:
            after = replace(begun, status=DONATED, points=redemption.points, redemption_id=redemption.id)
            counts = {"donated_pieces": begun.pieces, "donated_points": redemption.points}
    except DomainError as error:
        if error.status >= 500:  # it may pass: the step is tried again
            raise
        after = replace(begun, status=REFUSED, points=0, code=error.code)
        counts = {"donations_refused": 1}
    session = Session(points.dynamodb)
    points.add_donation(session, begun, after)
    count(session, counts)
    try:
        session.commit()
    except OptimisticLockFailed:  # another run of the same step was faster
        return


def _begin(
    member_id: str,
    programme_id: str,
    lot: str,
    count: Count,
    points: Points,
    ledger: Ledger,
    rewards: Rewards,
) -> Donation | None:
    """What is to be redeemed, written down; None when it was given before, or nobody wants it given."""

    def build(session: Session) -> Donation | None:
        before = points.donation(member_id, programme_id, lot)
        if before and before.status != REFUSED:
            return before if before.status == BEGUN else None
        choice = points.choice(member_id, programme_id)
        if choice.choice != DONATE:
            return None
        reward = rewards.catalogue.reward(choice.reward_id)
        held = ledger.balance(member(member_id), programme_id).lots.get(lot, 0)
        plan = planned(choice, reward.price_points if reward else None, held, lot, before)
        points.add_donation(session, before, plan)
        if plan.status == REFUSED:
            count(session, {"donations_refused": 1})
        return plan

    return attempt(points.dynamodb, build)
