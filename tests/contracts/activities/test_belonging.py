"""Who takes part where, who lives with whom, and what that means for acts: on real tables."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from puhui.activities import memberships, reading, steps, stream, verification
from puhui.activities.acts.model import Activity
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.errors import ActRepeated, ActsOverlap, CapReached, ClaimedElsewhere, NotAMember
from puhui.activities.households import usecases as households
from puhui.activities.memberships import Membership
from puhui.programmes import presets
from puhui.programmes.api import Caps, ProgrammeNotFound
from tests.contracts.activities.conftest import NOW, SENT, Acts
from tests.unit.activities.test_pictures_and_risk import photo

pytestmark = pytest.mark.usefixtures("engine")  # on every engine there is

TOMORROW = NOW + timedelta(days=1)
TERMS = "2026-11"  # of the presets


def joined(acts: Acts) -> dict[str, Membership]:
    return {each.programme_id: each for each in acts.tables.activities.memberships.of(acts.member_id)}


def join(acts: Acts, programme_id: str = "carbon-88", now: Any = NOW) -> Membership:
    return memberships.join(
        acts.member_id, programme_id, memberships=acts.tables.activities.memberships, now=now
    )


def leave(acts: Acts, programme_id: str = "carbon-88", now: Any = NOW) -> None:
    memberships.leave(acts.member_id, programme_id, memberships=acts.tables.activities.memberships, now=now)


# Programmes


def test_who_left_is_refused_and_who_comes_back_is_not(acts: Acts):
    acts.record(at=NOW - timedelta(hours=4))
    join(acts)
    leave(acts)
    with pytest.raises(NotAMember):
        acts.record()
    with pytest.raises(NotAMember):
        steps.sync_steps(
            acts.member_id,
            "carbon-88",
            [(NOW.date(), 90)],
            key=None,
            body_hash="",
            tables=acts.tables,
            now=NOW,
        )
    again = join(acts, now=TOMORROW)
    assert (again.joined_at, again.left_at) == (NOW, None)
    assert acts.record().status == "credited"


def test_leaving_one_programme_leaves_the_others_alone(acts: Acts, forest: Acts):
    leave(acts)
    assert forest.record().status == "maturing"


def test_joining_and_leaving_again_changes_nothing(acts: Acts):
    assert join(acts) == join(acts, now=TOMORROW)
    leave(acts, now=TOMORROW)
    leave(acts, now=TOMORROW + timedelta(days=1))
    assert joined(acts)["carbon-88"] == Membership(
        "carbon-88", NOW, TOMORROW, TERMS, "joined", acts.member_id
    )
    with pytest.raises(ProgrammeNotFound):
        join(acts, "no-such")
    with pytest.raises(ProgrammeNotFound):
        leave(acts, "no-such")


def test_the_first_act_joins_and_only_the_first_says_so(acts: Acts):
    first = acts.record(at=NOW - timedelta(hours=4))
    item = ACTIVITY.item(first)
    for _ in range(2):
        stream.follow(item, "machine", acts.tables.activities, SENT)
    assert joined(acts) == {"carbon-88": Membership("carbon-88", SENT, None, TERMS, "acted", acts.member_id)}
    assert (first.joins, acts.record().joins) == (True, False)


def test_a_first_act_that_is_followed_up_late_brings_nobody_back_who_left(acts: Acts):
    item = ACTIVITY.item(acts.record())
    leave(acts, now=TOMORROW)
    stream.follow(item, "machine", acts.tables.activities, SENT)
    assert joined(acts)["carbon-88"].left_at == TOMORROW


def test_a_month_of_steps_joins_once(acts: Acts):
    walked = [(NOW.date() - timedelta(days=n), 900) for n in range(5)]
    steps.sync_steps(acts.member_id, "carbon-88", walked, key=None, body_hash="", tables=acts.tables, now=NOW)
    ids = [steps.activity_id_of(acts.member_id, "carbon-88", day) for day, _ in walked]
    found = acts.tables.activities.acts.find_all(acts.member_id, ids)
    assert [activity.joins for activity in found].count(True) == 1


def test_signing_in_to_a_programme_joins_it_and_brings_nobody_back(acts: Acts):
    activities = acts.tables.activities
    for now in (NOW, TOMORROW):
        memberships.join_at_sign_in(acts.member_id, "ant-forest", memberships=activities.memberships, now=now)
    assert joined(acts) == {
        "ant-forest": Membership("ant-forest", NOW, None, TERMS, "signed_in", acts.member_id)
    }
    leave(acts, "ant-forest", TOMORROW)
    memberships.join_at_sign_in(
        acts.member_id, "ant-forest", memberships=activities.memberships, now=TOMORROW
    )
    assert joined(acts)["ant-forest"].left_at == TOMORROW


# One act, one claim


def test_two_programmes_refuse_the_same_trip(acts: Acts, forest: Acts):
    acts.record("cycling")
    with pytest.raises(ClaimedElsewhere) as refused:
        forest.record("cycling")
    assert refused.value.details["programme_id"] == "carbon-88"
    for minutes in (1, 8, 60):  # by a little, by its own length, by more
        with pytest.raises(ClaimedElsewhere):
            forest.record("cycling", at=NOW + timedelta(minutes=minutes))
        with pytest.raises(ClaimedElsewhere):
            forest.record("cycling", at=NOW - timedelta(minutes=minutes))
    with pytest.raises(ActsOverlap):
        acts.record("cycling", at=NOW + timedelta(minutes=1))
    assert forest.record("cycling", at=NOW + timedelta(minutes=68)).status == "maturing"


def test_one_order_is_told_once_however_it_is_shifted(acts: Acts, forest: Acts):
    order: dict[str, Any] = {"quantity": {"orders": 1}}
    acts.record("no_tableware", **order)
    with pytest.raises(ClaimedElsewhere):
        forest.record("no_tableware", at=NOW + timedelta(minutes=1), **order)
    with pytest.raises(ClaimedElsewhere):
        forest.record("no_tableware", at=NOW - timedelta(minutes=179), **order)
    for minutes in (0, 1, 59):
        with pytest.raises(ActRepeated):
            acts.record("no_tableware", at=NOW + timedelta(minutes=minutes), **order)
    assert acts.record("no_tableware", at=NOW + timedelta(minutes=60), **order).status == "credited"
    assert forest.record("no_tableware", at=NOW - timedelta(minutes=180), **order).status == "maturing"


def test_two_programmes_at_once_take_one_act_once(acts: Acts, forest: Acts):
    def come(who: Acts) -> Activity | None:
        with suppress(ClaimedElsewhere, ActRepeated):
            return who.record("no_tableware", quantity={"orders": 1})
        return None

    with ThreadPoolExecutor(4) as pool:
        made = [each for each in pool.map(come, [acts, forest, acts, forest]) if each]
    assert len(made) == 1


def test_a_refused_act_frees_its_time_for_another_programme(acts: Acts, forest: Acts):
    picture = acts.photo(photo(1))
    refused = acts.record("subway_trip", quantity={"trips": 1}, evidence=(picture,))
    other = acts.photo(photo(2))
    with pytest.raises(ClaimedElsewhere):
        forest.record("subway_trip", quantity={"trips": 1}, evidence=(other,))
    verification.refuse_activity(acts.member_id, refused.id, "NOT_THE_ACT", tables=acts.tables, now=NOW)
    assert forest.record("subway_trip", quantity={"trips": 1}, evidence=(other,)).status == "verifying"


# Households


@pytest.fixture
def home(acts: Acts, monkeypatch: pytest.MonkeyPatch) -> Acts:
    """carbon-88 where a household has 3 orders and 100 g of them a day, and one switch with a photo."""
    programme = presets.read("carbon-88")
    caps = {
        "no_tableware": Caps(per_household_day_acts=3, per_household_day_mg=100_000),
        "lights_off": Caps(per_household_day_acts=1),
    }
    behaviours = {
        name: replace(behaviour, caps=caps.get(name, behaviour.caps))
        for name, behaviour in programme.behaviours.items()
    }
    changed, read = replace(programme, behaviours=behaviours), presets.read
    monkeypatch.setattr(
        presets, "read", lambda name, version="": changed if name == "carbon-88" else read(name, version)
    )
    return acts


def order(acts: Acts, hours: int = 0, now: Any = TOMORROW) -> int:
    """47.5 g; the mg that were credited."""
    at = now - timedelta(hours=hours)
    return acts.record("no_tableware", quantity={"orders": 1}, at=at, now=now).credits_mg


def together(home: Acts, now: Any = NOW) -> Acts:
    """Somebody who moves in with the member, and lives there from the next day on."""
    other = home.of("0" * 25 + "H")
    households.join(other.member_id, home.member_id, households=home.tables.activities.households, now=now)
    return other


def test_a_household_shares_its_caps(home: Acts):
    other = together(home)
    assert (order(home), order(other)) == (47_500, 47_500)
    assert order(other, 1) == 5_000, "what the household's 100 g still take"
    for who in (home, other):
        with pytest.raises(CapReached):
            order(who, 2)
    assert home.sound()


def test_a_member_alone_is_a_household_of_one(home: Acts):
    assert sum(order(home, n) for n in range(3)) == 100_000
    stranger = home.of("0" * 25 + "S")
    assert order(stranger) == 47_500


def test_moving_in_counts_from_the_next_day(home: Acts):
    other = together(home)
    order(home, now=NOW)
    order(home, 1, now=NOW)
    assert order(other, now=NOW) == 47_500, "today they live apart"
    shown = households.find(other.member_id, households=home.tables.activities.households, now=NOW)
    assert shown == {"household_id": other.member_id, "from_tomorrow": home.member_id}
    shown = households.find(other.member_id, households=home.tables.activities.households, now=TOMORROW)
    assert shown == {"household_id": home.member_id}


def test_moving_out_frees_nobody_for_a_second_share_of_the_day(home: Acts):
    other = together(home)
    order(home)
    order(home, 1)
    households.leave(other.member_id, households=home.tables.activities.households, now=TOMORROW)
    assert order(other, 3) == 5_000
    later = TOMORROW + timedelta(days=1)
    assert sum(order(other, n, later) for n in range(3)) == 100_000
    assert sum(order(home, n, later) for n in range(3)) == 100_000


def test_who_leaves_a_household_named_after_oneself_is_alone_all_the_same(home: Acts):
    together(home)
    households.leave(home.member_id, households=home.tables.activities.households, now=TOMORROW)
    later = TOMORROW + timedelta(days=1)
    shown = households.find(home.member_id, households=home.tables.activities.households, now=later)
    assert shown["household_id"] != home.member_id


def test_joining_again_changes_nothing(home: Acts):
    other = together(home)
    before = home.tables.activities.dynamodb.get(
        *home.tables.activities.households.residences_key(other.member_id)
    )
    together(home, TOMORROW)
    after = home.tables.activities.dynamodb.get(
        *home.tables.activities.households.residences_key(other.member_id)
    )
    assert before == after


def test_a_household_at_one_moment_stays_within_its_day(home: Acts):
    other = together(home)

    def come(step: int) -> int:
        with suppress(CapReached):
            return order((home, other)[step % 2], step)
        return 0

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(come, range(6))) == 100_000
    assert home.sound()


def test_a_refused_act_frees_its_households_day(home: Acts):
    def switch(seed: int) -> Activity:
        picture, at = home.photo(photo(seed)), NOW - timedelta(hours=seed)
        return home.record("lights_off", quantity={"times": 1}, evidence=(picture,), at=at)

    first = switch(1)
    with pytest.raises(CapReached):
        switch(2)
    for _ in range(2):
        verification.refuse_activity(home.member_id, first.id, "NOT_THE_ACT", tables=home.tables, now=NOW)
    assert switch(3).status == "verifying"


def test_an_act_of_a_household_reads_once_more_and_writes_one_item_more(home: Acts):
    sent: list[tuple[str, int]] = []
    call = home.tables.ledger.dynamodb._call

    def count(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        sent.append((operation, len(payload.get("TransactItems", ()))))
        return call(service, operation, payload)

    home.tables.ledger.dynamodb._call = count
    home.tables.activities.dynamodb._call = count
    order(home)
    assert sent == [("BatchGetItem", 0), ("BatchGetItem", 0), ("TransactWriteItems", 5)]


def test_the_caps_of_a_household_stand_in_the_explanation(home: Acts):
    activity = home.record("no_tableware", quantity={"orders": 1})
    why = reading.explain_activity(home.member_id, activity.id, activities=home.tables.activities)
    assert {(cap["per"], cap["measure"]) for cap in why["caps"]} == {
        ("household_day", "mg"),
        ("household_day", "acts"),
        ("self_declared_day", "mg"),
    }
