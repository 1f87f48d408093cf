"""Friends take points of an act that waits, within the programme's limits; the reduction stays its owner's."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import memberships, steps
from puhui.activities.acts.model import Activity
from puhui.activities.claims import collecting, shares
from puhui.activities.claims.model import Share
from puhui.activities.errors import (
    ActivityNotFound,
    ClaimExpired,
    NotAMember,
    NothingToCollect,
    NotMature,
)
from puhui.kernel.errors import DomainError
from puhui.programmes import presets
from tests.contracts.activities.conftest import NOW, Acts

pytestmark = pytest.mark.usefixtures("engine")  # on every engine there is

RIPE, LAPSED = NOW + timedelta(days=1), NOW + timedelta(days=4)
FRIENDS = ["F" * 25 + str(n) for n in range(5)]
ANNA, BORA, CHEN, *_ = FRIENDS


def ride(forest: Acts, metres: int = 1_000, **more: Any) -> Activity:
    """1 km: 250 g, so a friend may take 50 and all friends together 100 points."""
    return forest.record("cycling", quantity={"distance_m": metres}, **more)


def take(forest: Acts, friend: str, activity: Activity, now: Any = RIPE) -> Share:
    return shares.collect_share(friend, forest.member_id, activity.id, tables=forest.tables, now=now)


def collect(forest: Acts, activity: Activity, now: Any = RIPE) -> Activity:
    return collecting.collect(forest.member_id, activity.id, tables=forest.tables, now=now)


def ripe(forest: Acts, friend: str, now: Any = RIPE) -> dict[str, int]:
    found = shares.list_collectable(friend, forest.member_id, "ant-forest", tables=forest.tables, now=now)
    return {each.activity.id: each.points for each in found}


def whole(forest: Acts) -> dict[str, int]:
    """Points of owner and friends, what still waits, and the reduction counted so far."""
    points = {who: forest.of(who).points() for who in FRIENDS if forest.of(who).points()}
    amounts = forest.balance().amounts
    return {
        "owner": forest.points(),
        **points,
        "pending": amounts.get("pending_mg", 0),
        "reduced": amounts.get("reduced_mg", 0),
    }


def test_a_friend_takes_a_part_and_the_owner_keeps_the_rest_and_the_reduction(forest: Acts):
    activity = ride(forest)
    taking = take(forest, ANNA, activity)
    assert (taking.points, taking.mg) == (50, 50_000)
    assert whole(forest) == {"owner": 0, ANNA: 50, "pending": 200_000, "reduced": 50_000}
    assert forest.sound()
    collected = collect(forest, activity)
    assert (collected.credits_mg, collected.points, collected.shared_mg) == (250_000, 200, 50_000)
    assert whole(forest) == {"owner": 200, ANNA: 50, "pending": 0, "reduced": 250_000}
    friend = forest.of(ANNA).balance().amounts
    assert (friend.get("reduced_mg", 0), friend.get("credits_2026", 0)) == (0, 0), "a friend gets points only"
    assert forest.sound()


def test_the_transfer_stands_in_both_statements_and_names_the_act(forest: Acts):
    activity = ride(forest)
    taking = take(forest, ANNA, activity)
    for who in (forest.member_id, ANNA):
        transfer = forest.tables.ledger.transfer(f"member:{who}", taking.transfer_id)
        assert transfer is not None
        assert (transfer.kind, transfer.reference) == ("share", activity.id)
        sums: dict[str, int] = {}
        for leg in transfer.legs:
            sums[leg.account] = sums.get(leg.account, 0) + leg.amount
        assert sums == {
            "issuance:ant-forest": -50_050,
            f"member:{forest.member_id}": 0,
            "pool:ant-forest": 50_000,
            f"member:{ANNA}": 50,
        }, "the credits go to the pool once, the points to the friend"
        assert transfer.owners[0] == f"member:{forest.member_id}", "one journal entry, the owner's"


def test_a_friend_takes_once_and_asking_again_gives_the_same_answer(forest: Acts):
    activity = ride(forest)
    first = take(forest, ANNA, activity)
    assert take(forest, ANNA, activity, RIPE + timedelta(hours=1)) == first
    collect(forest, activity)
    assert take(forest, ANNA, activity, LAPSED + timedelta(days=1)) == first
    assert whole(forest)[ANNA] == 50


def test_all_friends_together_leave_the_owner_the_programmes_share(forest: Acts):
    activity = ride(forest)
    assert [take(forest, friend, activity).points for friend in (ANNA, BORA)] == [50, 50]
    with pytest.raises(NothingToCollect):
        take(forest, CHEN, activity)
    assert collect(forest, activity).points == 150
    assert forest.sound()


def test_no_friend_takes_more_than_an_acts_limit(forest: Acts):
    assert take(forest, ANNA, ride(forest, 30_000)).points == 50, "a fifth would be 1500"


def test_no_friend_takes_more_than_a_days_limit(forest: Acts, monkeypatch: pytest.MonkeyPatch):
    limited(monkeypatch, per_day_max_mg=80_000)
    acts = [ride(forest, at=NOW - timedelta(hours=n)) for n in range(3)]
    assert [take(forest, ANNA, act).points for act in acts[:2]] == [50, 30]
    assert ripe(forest, ANNA) == {}
    with pytest.raises(NothingToCollect):
        take(forest, ANNA, acts[2])
    assert ripe(forest, BORA)[acts[2].id] == 50
    tomorrow = RIPE + timedelta(days=1)
    assert take(forest, ANNA, acts[2], tomorrow).points == 50


def test_for_the_first_minutes_the_owner_is_alone(forest: Acts, monkeypatch: pytest.MonkeyPatch):
    limited(monkeypatch, grace_minutes=30)
    activity = ride(forest)
    almost = RIPE + timedelta(minutes=29)
    assert ripe(forest, ANNA, almost) == {}
    for now in (NOW, almost):
        with pytest.raises(NotMature) as refused:
            take(forest, ANNA, activity, now)
        assert refused.value.details["at"] == "2026-11-21T12:30:00+08:00"
    assert take(forest, ANNA, activity, RIPE + timedelta(minutes=30)).points == 50


def test_what_is_less_than_a_point_is_not_taken(forest: Acts):
    small = ride(forest, 10)  # 2.5 g, of which a fifth is half a gram
    assert ripe(forest, ANNA) == {}
    with pytest.raises(NothingToCollect):
        take(forest, ANNA, small)
    assert collect(forest, small).points == 2
    assert forest.balance().credits_mg == 500


def test_a_friend_sees_what_can_be_taken_soonest_to_lapse_first(forest: Acts):
    acts = [ride(forest, at=NOW - timedelta(hours=5 * n)) for n in range(4)]
    unripe = ride(forest, at=NOW + timedelta(minutes=30))
    assert list(ripe(forest, ANNA)) == [act.id for act in reversed(acts)]
    take(forest, ANNA, acts[0])
    collect(forest, acts[1])
    assert ripe(forest, ANNA) == {acts[2].id: 50, acts[3].id: 50}
    assert ripe(forest, BORA)[acts[0].id] == 50
    assert unripe.id not in ripe(forest, BORA)
    assert shares.list_collectable(ANNA, forest.member_id, "carbon-88", tables=forest.tables, now=RIPE) == []


def test_what_lapsed_is_gone_for_friends_and_their_part_stays(forest: Acts):
    activity = ride(forest)
    take(forest, ANNA, activity)
    with pytest.raises(ClaimExpired):
        take(forest, BORA, activity, LAPSED)
    assert whole(forest) == {"owner": 0, ANNA: 50, "pending": 0, "reduced": 50_000}
    stored = forest.tables.activities.acts.find(forest.member_id, activity.id)
    assert stored is not None
    assert (stored.status, stored.credits_mg, stored.expired_mg) == ("expired", 50_000, 200_000)
    assert forest.sound()


def test_nothing_is_taken_of_a_collected_an_unknown_or_another_programmes_act(forest: Acts):
    activity = ride(forest)
    collect(forest, activity)
    with pytest.raises(NothingToCollect):
        take(forest, ANNA, activity)
    with pytest.raises(ActivityNotFound):
        shares.collect_share(ANNA, BORA, activity.id, tables=forest.tables, now=RIPE)
    automatic = Acts(forest.tables, forest.shelf, forest.member_id).record(at=NOW - timedelta(hours=4))
    with pytest.raises(NothingToCollect):
        take(forest, ANNA, automatic)


def test_a_friend_who_left_the_programme_takes_nothing(forest: Acts):
    activity = ride(forest)
    memberships.leave(ANNA, "ant-forest", memberships=forest.tables.activities.memberships, now=NOW)
    with pytest.raises(NotAMember):
        take(forest, ANNA, activity)


def test_a_friend_and_the_owner_at_once_share_the_whole(forest: Acts):
    for n in range(4):
        activity = ride(forest, at=NOW - timedelta(hours=n))
        before = whole(forest)

        def come(who: str, activity: Activity = activity) -> None:
            with suppress(NothingToCollect):
                collect(forest, activity) if who == "owner" else take(forest, who, activity)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(come, [ANNA, "owner", BORA, "owner"]))
        after = whole(forest)
        gained = {who: after.get(who, 0) - before.get(who, 0) for who in ("owner", ANNA, BORA)}
        assert sum(gained.values()) == 250, gained
        assert gained["owner"] >= 150
        assert (after["pending"], after["reduced"]) == (0, before["reduced"] + 250_000)
    assert forest.sound()


def test_one_friend_who_comes_ten_times_at_once_takes_once(forest: Acts):
    activity = ride(forest)
    with ThreadPoolExecutor(10) as pool:
        takings = set(pool.map(lambda _: take(forest, ANNA, activity), range(10)))
    assert len(takings) == 1
    assert whole(forest)[ANNA] == 50
    assert forest.sound()


def test_a_friend_at_two_acts_at_once_stays_within_the_day(forest: Acts, monkeypatch: pytest.MonkeyPatch):
    limited(monkeypatch, per_day_max_mg=80_000)
    acts = [ride(forest, at=NOW - timedelta(hours=n)) for n in range(4)]

    def come(activity: Activity) -> int:
        with suppress(NothingToCollect):
            return take(forest, ANNA, activity).points
        return 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(come, acts)) == 80
    assert whole(forest)[ANNA] == 80
    assert forest.sound()


def test_a_friend_and_the_end_of_its_time_at_once(forest: Acts):
    activity = ride(forest)

    def come(step: int) -> None:
        second = timedelta(seconds=1)
        with suppress(DomainError):
            if step % 2:
                collecting.expire(forest.member_id, activity.id, tables=forest.tables, now=LAPSED + second)
            else:
                take(forest, FRIENDS[step // 2], activity, LAPSED - second)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come, range(4)))
    found = whole(forest)
    stored = forest.tables.activities.acts.find(forest.member_id, activity.id)
    assert stored is not None
    taken = sum(found.get(friend, 0) for friend in FRIENDS)
    assert stored.credits_mg + stored.expired_mg == 250_000
    assert (stored.credits_mg, found["reduced"], found["pending"]) == (taken * 1000, taken * 1000, 0)
    assert forest.sound()


def test_a_walk_that_friends_have_been_at_still_grows(forest: Acts):
    def walk(count: int) -> dict[str, Any]:
        days = [((NOW - timedelta(days=1)).date(), count)]
        return steps.sync_steps(
            forest.member_id, "ant-forest", days, key=None, body_hash="", tables=forest.tables, now=NOW
        )["days"][0]

    first = walk(9_000)
    activity = forest.tables.activities.acts.find(forest.member_id, first["activity_id"])
    assert activity is not None
    taking = take(forest, ANNA, activity, NOW)
    grown = walk(12_000)
    collected = collect(forest, activity, NOW)
    assert collected.credits_mg == first["credits_mg"] + grown["credits_mg"]
    assert whole(forest)["reduced"] == collected.credits_mg
    assert collected.points == (collected.credits_mg - taking.mg) // 1000
    assert forest.sound()


def limited(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    """Ant Forest with other limits for friends."""
    forest = presets.read("ant-forest")
    rule = replace(forest.claim.friends, **limits)  # type: ignore[type-var]
    changed = replace(forest, claim=replace(forest.claim, friends=rule))
    read = presets.read
    monkeypatch.setattr(
        presets, "read", lambda name, version="": changed if name == "ant-forest" else read(name, version)
    )
