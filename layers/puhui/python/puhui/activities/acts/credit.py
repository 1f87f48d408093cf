"""From a quantified act to the transfer that credits it. Pure."""

from datetime import date, datetime
from typing import Any, NamedTuple

from puhui.activities.acts.model import Activity
from puhui.activities.errors import NothingToCredit, NothingToReverse
from puhui.kernel import clock
from puhui.kernel.grades import POINTS, RECORD
from puhui.ledger.api import Balance, Leg, Transfer, credits, lot_expiring, member, points, unverified
from puhui.methodologies.api import Quantification
from puhui.programmes import api as programmes
from puhui.programmes.api import Behaviour, PointsRule, Programme

KIND, SHARE = "credit", "share"
REVERSAL, APPEAL = "reversal", "appeal"


def asset_of(programme: Programme, day: date, *, points_only: bool) -> str:
    """What an act gives: credits, or, where its factors are too weak for them, mg that become points and nothing else."""
    return unverified(programme.id, day.year) if points_only else credits(programme.id, day.year)


def record_of(
    quantified: Quantification, programme: Programme, behaviour: Behaviour, grade: str
) -> dict[str, Any]:
    """What is kept with an act: how its number came about, what showed it and what that gives, and by which version of the programme
    and its terms. Whatever version runs later, the act keeps this one."""
    return {
        **quantified.record(),
        "grade": grade,
        "gives": behaviour.gives(grade),
        "programme": programme.version,
        "terms": programme.terms.version,
    }


class Counted(NamedTuple):
    """How the mg of an act count: as credits, for points only (``points_only``), or not at all (``record_only``)."""

    points_only: bool
    record_only: bool


def counted(quantified: Quantification, programme: Programme, gives: str) -> Counted:
    """How an act counts by its factors, its evidence and its programme. Raises NothingToCredit where that is nothing, and nothing was
    to be on record either."""
    points_only = not quantified.credits_allowed or gives == POINTS
    if gives == RECORD:
        return Counted(points_only=False, record_only=True)
    if quantified.reduction_mg == 0 or (points_only and programme.points is None):
        raise NothingToCredit
    return Counted(points_only, record_only=False)


def programme_of(activity: Activity) -> Programme:
    """The programme as it was when the act was recorded. Raises ProgrammeNotFound."""
    return programmes.programme(activity.programme_id, activity.record.get("programme", ""))


def issuing(
    programme: Programme, member_id: str, mg: int, day: date, *, points_only: bool = False
) -> tuple[Leg, Leg]:
    """Reductions of ``mg`` (vintage: the day's year) from the programme's issuance to the member."""
    asset = asset_of(programme, day, points_only=points_only)
    return Leg(f"issuance:{programme.id}", asset, -mg), Leg(member(member_id), asset, mg)


def converting(
    programme: Programme, member_id: str, mg: int, day: date, balance: Balance, *, points_only: bool = False
) -> tuple[tuple[Leg, ...], int]:
    """The legs that turn ``mg`` just issued, with what was left over before, into whole points; and those points.

    The credits that become points go to the programme's pool, so that no gram is both spent and sold; what is less
    than a point stays the member's.
    """
    rule: PointsRule | None = programme.points
    if rule is None:
        return (), 0
    left = balance.unverified_of(day.year) if points_only else balance.credits_of(day.year)
    whole = (left + mg) // rule.mg_per_point
    if whole == 0:
        return (), 0
    credit_asset, point_asset = asset_of(programme, day, points_only=points_only), points(programme.id)
    converted, owner = whole * rule.mg_per_point, member(member_id)
    lot = lot_expiring(day, rule.valid_months)
    legs = (
        Leg(owner, credit_asset, -converted),
        Leg(f"pool:{programme.id}", credit_asset, converted),
        Leg(f"issuance:{programme.id}", point_asset, -whole),
        Leg(owner, point_asset, whole, lot),
    )
    return legs, whole


def crediting(
    programme: Programme,
    member_id: str,
    mg: int,
    day: date,
    balance: Balance,
    transfer_id: str,
    activity_id: str,
    now: datetime,
    *,
    points_only: bool = False,
) -> tuple[Transfer, int]:
    """The transfer that credits an act at once, and the points it brings."""
    legs, whole = converting(programme, member_id, mg, day, balance, points_only=points_only)
    issued = issuing(programme, member_id, mg, day, points_only=points_only)
    return Transfer(transfer_id, KIND, now, (*issued, *legs), activity_id), whole


def sharing(
    programme: Programme,
    owner_id: str,
    friend_id: str,
    mg: int,
    day: date,
    transfer_id: str,
    activity_id: str,
    now: datetime,
    *,
    points_only: bool = False,
) -> tuple[Transfer, int]:
    """The transfer by which a friend collects ``mg`` (whole points) of an act, and the points it brings the friend.

    The reduction is issued to the act's owner, and counted as the owner's, and goes to the pool: so the points that the
    friend gets are backed by credits in the pool, as all points do, and no points move from one member to another.
    """
    rule = programme.points
    if rule is None or mg % rule.mg_per_point:
        raise ValueError("friends collect whole points")
    whole = mg // rule.mg_per_point
    credit_asset, point_asset = asset_of(programme, day, points_only=points_only), points(programme.id)
    legs = (
        *issuing(programme, owner_id, mg, day, points_only=points_only),
        Leg(member(owner_id), credit_asset, -mg),
        Leg(f"pool:{programme.id}", credit_asset, mg),
        Leg(f"issuance:{programme.id}", point_asset, -whole),
        Leg(member(friend_id), point_asset, whole, lot_expiring(day, rule.valid_months)),
    )
    return Transfer(transfer_id, SHARE, now, legs, activity_id), whole


class Taken(NamedTuple):
    """What a reversal could take back."""

    mg: int
    points: int


def reversing(
    act: Activity, programme: Programme, balance: Balance, transfer_id: str, now: datetime
) -> tuple[Transfer, Taken]:
    """The transfer that takes back what an act gave, and what it takes: the grams from the pool that has them, or from the member where the
    programme has no points; and whole points as far as they are still there."""
    owner, asset = member(act.member_id), asset_of(programme, act.day, points_only=act.points_only)
    issuance = f"issuance:{programme.id}"
    if programme.points is None:
        mg, source, here = min(act.credits_mg, balance.credits_of(act.day.year)), owner, 0
    else:
        mg, source = act.credits_mg, f"pool:{programme.id}"
        here = min(act.points, balance.points(clock.programme_day(now)))
    if mg == 0:
        raise NothingToReverse
    legs: tuple[Leg, ...] = (Leg(source, asset, -mg), Leg(issuance, asset, mg))
    if here:
        legs += (Leg(owner, points(programme.id), -here), Leg(issuance, points(programme.id), here))
    return Transfer(transfer_id, REVERSAL, now, legs, act.id, home=owner), Taken(mg, here)


def reversal_record(act: Activity, taken: Taken, transfer_id: str, now: datetime) -> dict[str, Any]:
    """What is kept with an act that was taken back: what it gave, what of that was there, and by which transfers."""
    return {
        "at": clock.to_text(now),
        "from_mg": act.credits_mg,
        "points": act.points,
        "taken_mg": taken.mg,
        "taken_points": taken.points,
        "transfer_id": transfer_id,
        "entry_id": act.entry_id,
    }


def giving_back(act: Activity, programme: Programme, transfer_id: str, now: datetime) -> Transfer:
    """The transfer that gives back exactly what a reversal took."""
    owner, asset = member(act.member_id), asset_of(programme, act.day, points_only=act.points_only)
    issuance, mg, here = (
        f"issuance:{programme.id}",
        int(act.reversal["taken_mg"]),
        int(act.reversal["taken_points"]),
    )
    target = owner if programme.points is None else f"pool:{programme.id}"
    legs: tuple[Leg, ...] = (Leg(issuance, asset, -mg), Leg(target, asset, mg))
    if here and programme.points:
        lot = lot_expiring(act.day, programme.points.valid_months)
        legs += (
            Leg(issuance, points(programme.id), -here),
            Leg(owner, points(programme.id), here, lot),
        )
    return Transfer(transfer_id, APPEAL, now, legs, act.id, home=owner)
