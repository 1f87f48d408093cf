"""From a quantified act to the transfer that credits it. Pure."""

from datetime import date, datetime

from puhui.ledger.api import Balance, Leg, Transfer, credits, lot_expiring, member, points
from puhui.programmes.api import PointsRule, Programme

KIND = "credit"


def issuing(programme: Programme, member_id: str, mg: int, day: date) -> tuple[Leg, Leg]:
    """Verified reductions of ``mg`` (vintage: the day's year) from the programme's issuance to the member."""
    asset = credits(programme.id, day.year)
    return Leg(f"issuance:{programme.id}", asset, -mg), Leg(member(member_id), asset, mg)


def converting(
    programme: Programme, member_id: str, mg: int, day: date, balance: Balance
) -> tuple[tuple[Leg, ...], int]:
    """The legs that turn ``mg`` just issued, with what was left over before, into whole points; and those points.

    The credits that become points go to the programme's pool, so that no gram is both spent and sold; what is less
    than a point stays the member's.
    """
    rule: PointsRule | None = programme.points
    if rule is None:
        return (), 0
    whole = (balance.credits_of(day.year) + mg) // rule.mg_per_point
    if whole == 0:
        return (), 0
    credit_asset, point_asset = credits(programme.id, day.year), points(programme.id)
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
) -> tuple[Transfer, int]:
    """The transfer that credits an act at once, and the points it brings."""
    legs, whole = converting(programme, member_id, mg, day, balance)
    issued = issuing(programme, member_id, mg, day)
    return Transfer(transfer_id, KIND, now, (*issued, *legs), activity_id), whole
