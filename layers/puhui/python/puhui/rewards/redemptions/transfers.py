"""A redemption in the ledger: points spent, held, and refunded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from puhui.kernel import clock, ids
from puhui.ledger.api import Hold, Ledger, Leg, Transfer, member, points, returned_lot
from puhui.rewards.catalogue.model import DONATION
from puhui.rewards.redemptions.model import SPENT, Redemption

DONATED, REFUND = "donation", "refund"  # kinds of transfers, beside SPENT
HOLD_LASTS = timedelta(days=30)  # longer than ``reconcile`` ever takes to end a redemption


def spending(redemption: Redemption) -> Transfer:
    """The member's points are spent for good: from the member to the programme's ``retired`` account."""
    kind = DONATED if redemption.kind == DONATION else SPENT
    return Transfer(redemption.transfer_id, kind, redemption.redeemed_at, _legs(redemption), redemption.id)


def hold_of(redemption: Redemption, now: datetime) -> Hold:
    """The points held until the partner has answered; posting the hold spends them."""
    owner = member(redemption.member_id)
    return Hold(redemption.id, owner, _legs(redemption), now + HOLD_LASTS, redemption.id)


def _legs(redemption: Redemption) -> tuple[Leg, ...]:
    asset = points(redemption.programme_id)
    return (
        Leg(member(redemption.member_id), asset, -redemption.points),
        Leg(f"retired:{redemption.programme_id}", asset, redemption.points),
    )


def refund(
    redemption: Redemption, spent: Sequence[Leg], start: int, count: int, now: datetime, *parts: str
) -> Transfer:
    """``count`` of the points that ``spent`` (the legs that took them, oldest lot first) come back, from the ``start``-th on:
    each into its lot (``returned_lot``). Its id derives from ``parts`` and the moment, so that a
    statement lists it after the redemption; the optimistic lock of the redemption or the coupon makes it happen once."""
    asset, owner = points(redemption.programme_id), member(redemption.member_id)
    today = clock.programme_day(now)
    lots: dict[str, int] = {}
    position, end = 0, start + count
    for lot, amount in sorted((leg.lot, -leg.amount) for leg in spent if leg.asset == asset and leg.lot):
        portion = min(position + amount, end) - max(position, start)
        if portion > 0:
            back = returned_lot(lot, today)
            lots[back] = lots.get(back, 0) + portion
        position += amount
    if sum(lots.values()) != count:
        raise ValueError("more points would come back than were spent")
    legs = [Leg(owner, asset, amount, lot) for lot, amount in lots.items()]
    return Transfer(
        ids.derived_id(now, redemption.id, REFUND, *parts),
        REFUND,
        now,
        (Leg(f"retired:{redemption.programme_id}", asset, -count), *legs),
        redemption.id,
    )


def spent_legs(redemption: Redemption, ledger: Ledger) -> tuple[Leg, ...]:
    """The legs by which the redemption's points left the member, lot by lot."""
    owner = member(redemption.member_id)
    if redemption.partner_id:
        held = ledger.hold(owner, redemption.id)
        return tuple(leg for leg in held.legs if leg.amount < 0) if held else ()
    transfer = ledger.transfer(owner, redemption.transfer_id)
    return tuple(leg for leg in transfer.legs if leg.amount < 0) if transfer else ()
