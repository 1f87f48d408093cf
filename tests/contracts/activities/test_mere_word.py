"""What nothing but the member's word shows gives little, whatever it is and however it is told."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from infra.local import demo
from puhui.activities import reading
from puhui.activities.risk import DAY_LARGE
from puhui.activities.risk.engine import Features, assess
from puhui.tlog.errors import NotProved
from puhui.verify.explanations import check_explanation
from tests.contracts.activities.conftest import NOW, Acts

A_DAY_MG = 20_000
ORDER = {"orders": 1}


@pytest.fixture(autouse=True)
def _what_lets_an_act_in() -> None:
    """Nothing but the programme's own rules."""


def test_all_acts_without_evidence_of_one_day_give_twenty_points_together(acts: Acts):
    ride = acts.record("cycling", quantity={"distance_m": 60}, at=NOW - timedelta(hours=5))
    assert (ride.credits_mg, ride.points) == (15_000, 15)
    order = acts.record("no_tableware", quantity=ORDER, at=NOW - timedelta(hours=3))
    assert (order.credits_mg, order.points) == (5_000, 5), "cut at what was left of the day"
    more = acts.record("cycling", quantity={"distance_m": 2_000}, at=NOW - timedelta(hours=1), key="more")
    assert (more.status, more.credits_mg, more.points, more.entry_id) == ("credited", 0, 0, "")
    assert more.reason_code == "SELF_DECLARED_LIMIT", "it is on record, and gives nothing"
    again = acts.record("cycling", quantity={"distance_m": 2_000}, at=NOW - timedelta(hours=1), key="more")
    assert again == more
    why = reading.explain_activity(acts.member_id, more.id, activities=acts.tables.activities)
    assert check_explanation(json.dumps(why).encode(), None).credits_mg == 0
    assert acts.points() == 20
    assert acts.record("cycling", at=NOW - timedelta(days=1)).credits_mg == A_DAY_MG, "each day anew"
    assert acts.sound()


def test_another_programme_gives_no_second_allowance(acts: Acts, forest: Acts):
    assert acts.record("cycling", at=NOW - timedelta(hours=5)).credits_mg == A_DAY_MG
    order = forest.record("no_tableware", quantity=ORDER, at=NOW - timedelta(hours=1))
    assert (order.status, order.credits_mg, order.collect_by) == ("credited", 0, None)
    assert forest.balance().amounts.get("pending_mg", 0) == 0


def test_a_photo_makes_the_whole_act_count_and_takes_nothing_of_the_allowance(acts: Acts):
    trip = {"trips": 1}
    shown = acts.record(
        "subway_trip", quantity=trip, evidence=[acts.photo(demo.photo(1))], at=NOW - timedelta(hours=5)
    )
    assert (shown.status, shown.credits_mg, shown.points_only) == ("verifying", 200_000, False)
    assert acts.record("no_tableware", quantity=ORDER).credits_mg == A_DAY_MG


def test_told_many_times_at_once_it_gives_no_more(acts: Acts):
    def tell(number: int) -> int:
        return acts.record("cycling", at=NOW - timedelta(hours=2 * number)).credits_mg

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(tell, range(4))) == A_DAY_MG
    assert acts.points() == 20
    assert acts.sound()


def test_the_explanation_names_the_limit_that_cut_the_act(acts: Acts):
    act = acts.record("cycling")
    told = reading.explain_activity(acts.member_id, act.id, activities=acts.tables.activities)
    (cap,) = [cap for cap in told["caps"] if cap["per"] == "self_declared_day"]
    assert cap == {"per": "self_declared_day", "measure": "mg", "limit": A_DAY_MG, "applied": True}
    whole = acts.record(
        "no_tableware", quantity=ORDER, evidence=[acts.photo(demo.photo(2))], at=NOW - timedelta(hours=9)
    )
    told = reading.explain_activity(acts.member_id, whole.id, activities=acts.tables.activities)
    assert "self_declared_day" not in {cap["per"] for cap in told["caps"]}


def test_what_photos_show_beyond_a_kilogram_a_day_a_person_sees(acts: Acts):
    def shown(number: int, behaviour: str, **quantity: int) -> tuple[str, ...]:
        at = NOW - timedelta(hours=number)
        photo = acts.photo(demo.photo(10 + number))
        return acts.record(behaviour, quantity=quantity, evidence=[photo], at=at).signals

    assert shown(6, "subway_trip", trips=4) == ()
    assert shown(3, "lights_off", times=3) == ()
    assert shown(2, "no_tableware", orders=1) == (DAY_LARGE,)
    assert assess(Features({DAY_LARGE})).band == "review"


def test_the_limit_that_cut_an_act_for_points_alone_is_told_and_can_be_checked(acts: Acts):
    city = Acts(acts.tables, acts.shelf, acts.member_id, "guangdong-tanpuhui")
    bill = city.record("household_water", quantity={"saved_l": 200}, at=NOW)
    assert (bill.points_only, bill.points) == (True, 20)
    why = reading.explain_activity(city.member_id, bill.id, activities=city.tables.activities)
    assert (why["credits_mg"], why["counted_mg"], why["points"]) == (0, A_DAY_MG, 20)
    assert [cap["per"] for cap in why["caps"] if cap["applied"]] == ["self_declared_day"]
    assert "of which the caps let 20 g count" in why["sentence"]["en"]
    assert check_explanation(json.dumps(why).encode(), None).credits_mg == 0
    with pytest.raises(NotProved):
        check_explanation(json.dumps(why | {"counted_mg": A_DAY_MG + 1}).encode(), None)
