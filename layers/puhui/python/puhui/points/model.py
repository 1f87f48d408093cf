"""When points end, and the steps of each day. Pure values and rules.

A **lot** is named after the last month in which its points can be spent (``2026-11``); it ends with that month, in China. Points that
came back after it have its grace lot (``2026-11+``), which ends with the next month.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.words import CHOICES
from puhui.ledger.api import (
    NO_EXPIRY,
    Balance,
    Leg,
    Transfer,
    is_spendable,
    last_month,
    lot_end,
    lot_of,
    points,
)

EXPIRE, DONATE, REMIND = "expire", "donate", "remind"  # EXPIRE and DONATE are choices and steps
BEGUN, DONATED, REFUSED = "begun", "donated", "refused"
KIND = "expire"  # of the transfer
REMIND_DAYS, DONATE_DAYS = 7, 3  # the last days of a month
LOTS_AT_ONCE = 20  # ended lots in one transaction: two items each, far below a hundred
PIECES_MAX = 1_000_000  # of a donation, at once
NO_PIECE, HAS_QUEUE = "NOT_ENOUGH_FOR_A_PIECE", "REWARD_HAS_QUEUE"


def steps_on(day: date, lot: str) -> tuple[str, ...]:
    """The steps of ``day`` for points of ``lot``: EXPIRE when it has ended, REMIND in the last week of its last month, DONATE in
    that month's last three days."""
    if lot == NO_EXPIRY:
        return ()
    if not is_spendable(lot, day):
        return (EXPIRE,)
    if last_month(lot) > lot_of(day):
        return ()
    left = monthrange(day.year, day.month)[1] - day.day  # days after this one
    return tuple(step for step, days in ((REMIND, REMIND_DAYS), (DONATE, DONATE_DAYS)) if left < days)


def has_work(day: date) -> bool:
    """Whether the day asks for anything that the day before did not: on the 1st lots have ended, in the last week some end."""
    return day.day == 1 or bool(steps_on(day, lot_of(day)))


def remind_at(lot: str) -> datetime:
    """The moment from which members are reminded that the lot ends."""
    return lot_end(lot) - timedelta(days=REMIND_DAYS)


def steps_of(balance: Balance, day: date) -> frozenset[str]:
    """The steps of ``day`` for anything that the balance holds."""
    return frozenset(step for lot, held in balance.lots.items() if held > 0 for step in steps_on(day, lot))


def ended(balance: Balance, day: date) -> list[str]:
    """The lots that hold points which can no longer be spent on ``day``, oldest first."""
    return [lot for lot in sorted(balance.lots) if balance.lots[lot] > 0 and EXPIRE in steps_on(day, lot)]


def expiring(balance: Balance, lot: str, now: datetime) -> Transfer:
    """The transfer that ends what the balance holds in ``lot``.

    Its id derives from the moment, account, lot and the balance's version. The transfer is written only on that version and makes it one
    more; versions only grow: so nothing expires twice, and points that come into the lot later expire under another id.
    """
    asset, amount = points(balance.unit), balance.lots[lot]
    legs = (Leg(balance.account, asset, -amount, lot), Leg(f"expired:{balance.unit}", asset, amount))
    transfer_id = ids.derived_id(now, balance.account, balance.unit, lot, str(balance.version))
    return Transfer(transfer_id, KIND, now.replace(microsecond=0), legs, last_month(lot))


@dataclass(frozen=True)
class Donation:
    """How the points of one lot were given away, or why not. ``attempt`` counts from 1; each has a redemption key of its own.

    | status  | meaning                                                           | next                     |
    |---------|-------------------------------------------------------------------|--------------------------|
    | begun   | what will be redeemed is written; a run after a crash finishes it | donated, refused         |
    | donated | the redemption is made                                            | final                    |
    | refused | nothing was given, ``code`` says why; the points expire           | begun: the next attempt  |
    """

    member_id: str
    programme_id: str
    lot: str
    attempt: int
    status: str
    reward_id: str
    pieces: int
    points: int
    code: str = ""
    redemption_id: str = ""

    @property
    def key(self) -> str:
        """The redemption's idempotency key."""
        return ids.key_id("donation before expiry", self.programme_id, self.lot, str(self.attempt))

    def shown(self) -> dict[str, Any]:
        """For the contract."""
        shown: dict[str, Any] = {"month": last_month(self.lot), "status": self.status, "points": self.points}
        shown |= {"reason_code": self.code} if self.code else {}
        return shown | ({"redemption_id": self.redemption_id} if self.redemption_id else {})


def planned(
    choice: "Choice", price_points: int | None, held: int, lot: str, before: Donation | None
) -> Donation:
    """The next attempt to give what is ``held`` in the lot: as many whole pieces as it pays for."""
    pieces = min(held // price_points, PIECES_MAX) if price_points else 0
    return Donation(
        choice.member_id,
        choice.programme_id,
        lot,
        before.attempt + 1 if before else 1,
        BEGUN if pieces else REFUSED,
        choice.reward_id,
        pieces,
        pieces * (price_points or 0),
        "" if pieces else "REWARD_NOT_FOUND" if price_points is None else NO_PIECE,
    )


@dataclass(frozen=True)
class Choice:
    """What becomes of a member's unspent points of a programme. ``price_points``: of the donation, when it was chosen;
    ``last``: how the last donation went."""

    member_id: str
    programme_id: str
    choice: str = EXPIRE
    reward_id: str = ""
    price_points: int = 0
    last: Donation | None = None

    def wants(self, lot: str, held: int) -> bool:
        """Whether there is something to do in the days in which the lot is given away: to give what it holds, or to finish what
        was begun, even if that left nothing."""
        begun = self.last is not None and (self.last.lot, self.last.status) == (lot, BEGUN)
        return begun or (self.choice == DONATE and held > 0)

    def ends_as(self, lot: str, held: int) -> str:
        """``donation`` when the lot pays for a piece and this donation was not tried yet, else ``expiry``."""
        last = self.last
        over = last is not None and last.lot == lot and last.status != BEGUN
        if over and last is not None and last.status == REFUSED:
            over = last.reward_id == self.reward_id
        return "donation" if self.choice == DONATE and held >= self.price_points and not over else "expiry"

    def shown(self) -> dict[str, Any]:
        """For the contract."""
        shown: dict[str, Any] = {"programme_id": self.programme_id, "choice": self.choice}
        shown["title"] = CHOICES[self.choice]
        shown |= {"reward_id": self.reward_id} if self.reward_id else {}
        return shown | ({"last_donation": self.last.shown()} if self.last else {})


def forecast(balance: Balance, choice: Choice, now: datetime) -> dict[str, Any]:
    """The contract's ``PointsForecast``."""
    lots = balance.spendable(clock.programme_day(now))
    return {
        "programme_id": balance.unit,
        "points": sum(lots.values()),
        "lots": [
            {
                "points": held,
                "expires_at": clock.to_text(lot_end(lot)),
                "remind_at": clock.to_text(remind_at(lot)),
                "ends_as": choice.ends_as(lot, held),
            }
            for lot, held in lots.items()
            if lot != NO_EXPIRY
        ],
        "choice": choice.shown(),
    }


def notice(programme_name: str, held: int, lot: str) -> dict[str, str]:
    """The fields of the subscribe message: programme, points, until when, what to do (a thing has 20 characters)."""
    last = lot_end(lot) - timedelta(minutes=1)
    return {
        "thing1": programme_name[:20],
        "number2": str(held),
        "time3": last.astimezone(clock.CHINA).strftime("%Y-%m-%d %H:%M"),
        "thing4": "到期前可兑换或捐赠",
    }


@dataclass(frozen=True)
class Job:
    """One run over all members. ``id``: its day, with a word when it is run once more.

    | status  | who moves it on, by which operation       | to                               | what follows |
    |---------|-------------------------------------------|----------------------------------|--------------|
    | (new)   | the schedule, or an operator by hand      | running                          | the shards are worked through |
    | running | the state machine, ``close_expiry``       | done, or ``stopped`` on an error | the counts; who starts it again makes it go on |
    """

    id: str
    day: date
    status: str = "running"
    report: Mapping[str, int] | None = None
    stopped: bool = False  # on an error: whoever starts it again makes it go on


COUNTS = (
    "expired_lots",
    "expired_points",
    "reminded",
    "not_reminded",
    "donated_pieces",
    "donated_points",
    "donations_refused",
)
