"""What members read of their accounts: the statement with its names, and balances with what is still to come.

A page of the statement is one query and at most one batch read, of the acts and redemptions that its lines are about.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from puhui.activities.api import ACTIVITY, MATURING, PENDING, Activities
from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.kernel.words import Text
from puhui.ledger import api as accounts
from puhui.ledger.api import ABOUT_ACTIVITY, ABOUT_REDEMPTION, Balance, Entrustment, Ledger, Transfer, member
from puhui.programmes import api as programmes
from puhui.programmes.api import Programme, ProgrammeNotFound
from puhui.rewards.api import REDEMPTION, Rewards
from puhui.store.client import Key
from puhui.store.cursors import Cursors

ACTS_READ_MAX = 100  # what one BatchGetItem takes


def statement(
    member_id: str,
    programme_id: str | None,
    limit: int,
    cursor: str | None,
    *,
    ledger: Ledger,
    activities: Activities,
    rewards: Rewards,
    cursors: Cursors,
) -> dict[str, Any]:
    """A page of the contract's statement, newest first. With a programme, a page may hold fewer than ``limit``.

    Raises CursorInvalid.
    """
    account = member(member_id)
    page = accounts.statement_page(account, limit, cursor, ledger=ledger, cursors=cursors)
    mine = [each for each in page.items if programme_id in (None, accounts.programme_of(each))]
    names = _names(mine, member_id, activities, rewards)
    return Page(mine, page.cursor).body(lambda posted: accounts.line(posted, account, names))


def _names(
    page: Sequence[Transfer], member_id: str, activities: Activities, rewards: Rewards
) -> accounts.Names:
    account = member(member_id)
    places: dict[accounts.About, Key] = {}
    for about in dict.fromkeys(accounts.about(posted, account) for posted in page):
        if about.type == ABOUT_ACTIVITY:
            owner = about.owner.partition(":")[2] or member_id
            places[about] = activities.acts.key(owner, about.id)
        elif about.type == ABOUT_REDEMPTION:
            places[about] = rewards.redemptions.redemption_key(member_id, about.id)
    found = activities.dynamodb.get_all(list(places.values())) if places else []
    titles: dict[accounts.About, Text] = {}
    times: dict[accounts.About, datetime] = {}
    pieces: dict[accounts.About, int] = {}
    for about, item in zip(places, found, strict=True):
        if item is None:
            continue
        if about.type == ABOUT_ACTIVITY:
            act = ACTIVITY.read(item)
            titles[about] = programmes.behaviour_name(act.programme_id, act.behaviour)
            if not about.owner:
                times[about] = act.occurred_at
        else:
            redemption = REDEMPTION.read(item)
            titles[about], pieces[about] = redemption.title, redemption.quantity
    units = {each: _unit(each) for each in {accounts.programme_of(posted) for posted in page}}
    return accounts.Names(titles, {name: unit for name, unit in units.items() if unit}, times, pieces)


def _unit(programme_id: str) -> Text | None:
    programme = _programme(programme_id)
    return programme.unit_name if programme else None


def _programme(programme_id: str) -> Programme | None:
    try:
        return programmes.programme(programme_id)
    except ProgrammeNotFound:
        return None


def balances(
    member_id: str, *, ledger: Ledger, activities: Activities, now: datetime
) -> list[dict[str, Any]]:
    """The contract's balances: one query, and two reads more where acts are to mature and something is to come."""
    holdings, entrusted = ledger.holdings(member(member_id))
    held = [each for each in holdings if each.unit != "CNY"]
    collecting = [each.unit for each in held if _collects(each)]
    maturing = _maturing_mg(member_id, collecting, activities, now) if collecting else {}
    return [_balance(each, *maturing.get(each.unit, (0, 0)), entrusted, now) for each in held]


def _collects(held: Balance) -> bool:
    programme = _programme(held.unit)
    return bool(
        programme and programme.claim.rule == "collect" and (held.pending_mg or held.pending_unverified_mg)
    )


def _maturing_mg(
    member_id: str, programme_ids: Sequence[str], activities: Activities, now: datetime
) -> Mapping[str, tuple[int, int]]:
    """What acts hold that were verified and wait to be collected, by programme: credits, and mg that become points only."""
    hours = 0
    for programme_id in programme_ids:
        claim = programmes.programme(programme_id).claim
        spans = [span.as_hours for span in (claim.matures_after, claim.collect_within) if span]
        hours = max(hours, sum(spans) + 24 * claim.window_days)
    oldest = clock.programme_day(now - timedelta(hours=hours))
    listed = [
        entry.activity_id
        for day in activities.days.latest(member_id, None, hours // 24 + 2)
        if day.day >= oldest
        for entry in reversed(day.acts)
        if entry.programme_id in programme_ids
    ]
    found: dict[str, tuple[int, int]] = {}
    for act in activities.acts.find_all(member_id, listed[:ACTS_READ_MAX]):
        seen = act.as_of(now)
        if seen.status in (MATURING, PENDING):
            credits_mg, unverified_mg = found.get(act.programme_id, (0, 0))
            rest = act.credits_mg - act.shared_mg
            more = (
                (credits_mg, unverified_mg + rest) if act.points_only else (credits_mg + rest, unverified_mg)
            )
            found[act.programme_id] = more
    return found


def _balance(
    held: Balance, maturing_mg: int, maturing_unverified_mg: int, entrusted: Entrustment | None, now: datetime
) -> dict[str, Any]:
    programme = _programme(held.unit)
    rule = programme.points if programme else None
    left = held.credits_mg % rule.mg_per_point if rule else 0

    def points(mg: int, unverified_mg: int) -> int:
        if rule is None or not (mg or unverified_mg):
            return 0
        return (left + mg) // rule.mg_per_point + unverified_mg // rule.mg_per_point

    return accounts.shown_balance(held, now, entrusted) | {
        "pending_points": points(held.pending_mg, held.pending_unverified_mg),
        "maturing_mg": maturing_mg,
        "maturing_points": points(maturing_mg, maturing_unverified_mg),
    }
