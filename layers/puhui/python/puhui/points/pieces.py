"""A member's redemptions and coupons: added up, and compared with the transfers that refer to them, their holds and rewards. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from puhui.ledger.api import PENDING_STATE, POSTED, Hold
from puhui.points.flows import Flows
from puhui.points.tally import Difference, Moment, Tally
from puhui.rewards.api import (
    CANCELLED,
    DONATION,
    EXPIRED,
    FULFILLED,
    ISSUED,
    PROCESSING,
    QUEUED,
    USED,
    Coupon,
    Redemption,
    Reward,
)

Pairs = list[tuple[str, int, int]]
FIXED = (
    "programme_id",
    "kind",
    "merchant_id",
    "budget_id",
    "fen",
)  # in a reward, its redemptions and their coupons


def add_member_items(
    tally: Tally,
    redemptions: Iterable[Redemption],
    coupons: Iterable[Coupon],
    holds: Iterable[Hold],
    rewards: Mapping[str, Reward],
    flows: Flows,
    moment: Moment,
) -> list[Difference]:
    """Add a member's redemptions and the coupons that came of them, as they were at the moment; and compare them as they are,
    redemption by redemption, with the transfers that refer to it, its hold, and its reward."""
    found: list[Difference] = []
    ledger, pieces = dict(flows.by_reference), {coupon.id: coupon for coupon in coupons}
    held = {each.id: each for each in holds}
    for redemption in redemptions:
        wanted = redemption.coupons if redemption.status in (FULFILLED, CANCELLED) else ()
        made = [pieces.pop(each) for each in wanted if each in pieces]
        missing = set(wanted) - {coupon.id for coupon in made}
        found += [Difference("coupon", each, "pieces", 1, 0) for each in sorted(missing)]
        sums = ledger.pop(redemption.id, Counter())
        found += (apart := _add_redemption(tally, redemption, sums, made, flows, moment))
        pairs = [
            ("terms", 0, _apart(redemption, rewards.get(redemption.reward_id), (*FIXED, "partner_id"))),
            *([] if apart else _taken(redemption, sums, flows.spending.get(redemption.id))),
            *_hold(redemption, sums, held.get(redemption.id), flows.asset),
            *_due(redemption),
        ]
        found += [Difference("redemption", redemption.id, *pair) for pair in pairs if pair[1] != pair[2]]
        for coupon in made:
            found += _coupon_differences(coupon, redemption)
    found += [Difference("coupon", each, "redemption", 0, 1) for each in pieces]
    for reference, sums in ledger.items():
        if spent := sums["spent"] - sums["refunded"] or sums["spent"]:
            found.append(Difference("redemption", reference, "points", spent, 0))
        elif sums["ever_held"]:
            found.append(Difference("redemption", reference, "held", sums["held"] or sums["ever_held"], 0))
    return found


def _add_redemption(
    tally: Tally,
    redemption: Redemption,
    ledger: Counter[str],
    coupons: Sequence[Coupon],
    flows: Flows,
    moment: Moment,
) -> list[Difference]:
    """Add a redemption with its coupons to its reward's sums; where it does not agree with what the ledger says of it."""
    sums, status, count = tally.reward(redemption.reward_id), redemption.status, redemption.quantity
    spent = redemption.price_points * (count - sum(map(_gave_back, coupons))) if status == FULFILLED else 0
    held = redemption.price_points * count if status == PROCESSING else 0
    late = flows.late(redemption.id, "spent") - flows.late(redemption.id, "refunded")
    sums["points"] += spent - late
    sums["points_held"] += held - flows.late(redemption.id, "held")
    sums["points_in_ledger"] += ledger["spent"] - ledger["refunded"] - late
    sums["moved"] += ledger["moved"]
    _add_pieces(tally, redemption, coupons, ever_spent=bool(ledger["spent"]), moment=moment)
    pairs = (("points", ledger["spent"] - ledger["refunded"], spent), ("held", ledger["held"], held))
    return [Difference("redemption", redemption.id, *pair) for pair in pairs if pair[1] != pair[2]]


def _add_pieces(
    tally: Tally, redemption: Redemption, coupons: Sequence[Coupon], *, ever_spent: bool, moment: Moment
) -> None:
    """Add where a redemption's pieces and their money were at the moment; and what settlements have claimed of them."""
    sums, status, count = tally.reward(redemption.reward_id), redemption.status, redemption.quantity
    _add_claimed(tally, redemption, coupons)
    if not moment.had_taken(redemption):
        if redemption.queue_shards and redemption.redeemed_at <= moment.at:
            sums[QUEUED] += count
        return
    if redemption.is_over:
        if moment.had_back(redemption.reward_id, redemption.returned_in):
            sums[status] += count
            for coupon in coupons:
                sums[f"coupons_{coupon.status}"] += 1
            return
        status = FULFILLED if ever_spent else PROCESSING
    sums[status] += count
    if not coupons:
        sums["out"] += count
        _add_fen(sums, redemption.fen * count, is_due=bool(redemption.payable_id))
        return
    for coupon in coupons:
        state = _state_then(coupon, moment)
        sums[f"coupons_{state}"] += 1
        if state != EXPIRED:
            sums["out"] += 1
            _add_fen(sums, coupon.fen, is_due=state == USED)


def _state_then(coupon: Coupon, moment: Moment) -> str:
    """What a coupon was at the moment; its redemption existed then."""
    late = coupon.status == EXPIRED and not moment.had_back(coupon.reward_id, coupon.returned_in)
    return ISSUED if late or coupon.status == CANCELLED else coupon.status


def _add_claimed(tally: Tally, redemption: Redemption, coupons: Sequence[Coupon]) -> None:
    claims: list[tuple[str, int]] = [(each.settlement_id, each.fen) for each in coupons]
    if not redemption.coupons:
        claims.append((redemption.settlement_id, redemption.fen * redemption.quantity))
    for settlement_id, fen in claims:
        if settlement_id and fen:
            tally.claimed[f"{settlement_id}|{redemption.reward_id}"] += fen


def _add_fen(sums: Counter[str], fen: int, *, is_due: bool) -> None:
    sums["verified_fen" if is_due else "promised_fen"] += fen


def _apart(one: Redemption | Coupon, other: Redemption | Reward | None, names: Sequence[str]) -> int:
    """How many of the terms are not the same; all of them when there is no other."""
    return sum(other is None or getattr(one, name) != getattr(other, name) for name in names)


def _taken(redemption: Redemption, ledger: Counter[str], spending: tuple[str, str] | None) -> Pairs:
    """What a redemption ever took is what it cost, whatever came back; in a queue it takes nothing yet."""
    taken = ledger["ever_held"] if redemption.partner_id else ledger["spent"]
    left_queue = redemption.status == CANCELLED and redemption.queue_shards and not taken
    pairs = [("taken", taken, 0 if redemption.status == QUEUED or left_queue else redemption.points)]
    if spending and not redemption.partner_id:
        kind = "donation" if redemption.kind == DONATION else "redemption"
        pairs.append(("transfer", 1, int(spending == (redemption.transfer_id, kind))))
    return pairs


def _hold(redemption: Redemption, ledger: Counter[str], hold: Hold | None, asset: str) -> Pairs:
    """A partner's order has its hold: out of it points come back."""
    if not redemption.partner_id or not ledger["ever_held"]:
        return []
    state = PENDING_STATE if redemption.status == PROCESSING else POSTED if ledger["spent"] else ""
    is_as_expected = hold is not None and (
        hold.state == state or (not state and hold.state not in (PENDING_STATE, POSTED))
    )
    legs = hold.set_aside() if hold and is_as_expected and hold.reference == redemption.id else ()
    return [("hold", redemption.points, -sum(leg.amount for leg in legs if leg.asset == asset))]


def _due(redemption: Redemption) -> Pairs:
    """A merchant is owed for what it gave without coupons, but not while that is being given back."""
    if redemption.cancelling and (redemption.is_over or not redemption.partner_id):
        return [("cancelling", 0, 1)]
    gives = bool(redemption.merchant_id) and not redemption.coupons and redemption.status == FULFILLED
    if gives and not redemption.cancelling:
        return [("due", 1, int(bool(redemption.payable_id)))]
    return [] if gives else [("due", 0, int(bool(redemption.payable_id)))]


def _coupon_differences(coupon: Coupon, redemption: Redemption) -> list[Difference]:
    """A coupon has its redemption's terms, is cancelled with it, and owed for once it was used."""
    terms = _apart(coupon, redemption, (*FIXED, "reward_id", "price_points"))
    pairs = (
        ("terms", 0, terms + (coupon.redemption_id != redemption.id)),
        ("cancelled", int(redemption.status == CANCELLED), int(coupon.status == CANCELLED)),
        ("due", int(coupon.status == USED), int(bool(coupon.payable_id))),
    )
    return [Difference("coupon", coupon.id, *pair) for pair in pairs if pair[1] != pair[2]]


def _gave_back(coupon: Coupon) -> bool:
    """Whether the coupon's points went back to the member."""
    return coupon.status == CANCELLED or (coupon.status == EXPIRED and coupon.returns_points)
