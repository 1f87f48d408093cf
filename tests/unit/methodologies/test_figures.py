"""The figures, derived here by hand from what the sources say and not from the records: reductions, marks, regions, days.

Each row is arithmetic in grams (or Wh and kg where it says so), as methodologies/README.md shows it.
"""

from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pytest

from puhui.methodologies import registry
from puhui.methodologies.errors import FactorUnavailable
from puhui.methodologies.model import Factor

TODAY = "2026-11-20"
PROFILES = ("conservative", "seed-2023", "guangzhou-2015")
F = Fraction


def _reduction(
    methodology_id: str,
    quantity: dict[str, Any],
    profile: str = "conservative",
    region: str = "CN",
    day: str = TODAY,
) -> tuple[int, bool]:
    """mg, and whether credits may be issued."""
    chosen = registry.methodology(methodology_id, "1")
    inputs = {each.name: quantity.get(each.name, 0) for each in chosen.inputs}
    formula = registry.formula(chosen, profile, region, day, inputs)
    return formula.milligrams(inputs), formula.credits_allowed


CAR, BUS, RAIL = F("169.84"), F("103.12"), F("35.46")  # g/km, UK 2024
METRO = F("24.27")  # the seventh part of the car, rounded up
PETROL_CAR = F("0.0649") * F("2353.72")  # l/km times g/l
RATE = F("0.29")  # 25 / 85.9, rounded down
PERSON = 2280  # Wh a day: 1.17e12 kWh / 1.4e9 / 365, rounded down

CREDITS = [
    ("subway-trip", {"trips": 1}, 46),
    ("bus-trip", {"trips": 1}, 80),
    ("cycling-trip", {"trips": 1}, 52),
    ("no-tableware", {"orders": 1}, 23),
    ("clean-plate", {"meals": 1}, 449),
    ("parcel-box-return", {"boxes": 1}, 37),
]
POINTS_ONLY = [
    ("subway-trip-by-distance", {"distance_m": 8300}, F("8.3") * (BUS - METRO)),
    ("bus-trip-by-distance", {"distance_m": 8300}, F("8.3") * (CAR - BUS)),
    ("cycling-instead-of-car", {"distance_m": 13_200}, F("13.2") * 159),
    ("walking-instead-of-car", {"steps": 9999}, 9999 * F("0.0006") * CAR),
    ("walking-trip", {"distance_m": 1234}, F("1.234") * CAR),
    ("nev-driving", {"distance_m": 1000}, PETROL_CAR - F("0.16") * F("530.6")),
    ("nev-driving", {"distance_m": 40_000, "consumed_wh": 5555}, 40 * PETROL_CAR - F("5.555") * F("530.6")),
    ("nev-driving", {"distance_m": 40_000, "consumed_wh": 40_000}, 0),
    ("car-left-home", {"days": 1}, 2 * 46),
    ("car-pool", {"distance_m": 7000, "passengers": 1}, 7 * CAR / 2),
    ("car-pool", {"distance_m": 7000, "passengers": 2}, 7 * CAR * 2 / 3),
    ("garbage-sorting", {"mass_g": 1234, "fraction": "kitchen"}, F("1.234") * (F("230.17") - F("130.12"))),
    (
        "household-electricity",
        {"consumed_wh": 4000, "days": 1, "persons": 2},
        (2 * PERSON - 4000) * F("0.5306"),
    ),
    (
        "household-electricity",  # at the city's figure it is not below it
        {"consumed_wh": 2 * PERSON, "days": 1, "persons": 2, "previous_wh": 5000},
        (5000 - 2 * PERSON) * F("0.5306"),
    ),
    (
        "household-electricity",  # above the city's figure: seven days' mean, for seven days
        {"consumed_wh": 60_000, "days": 7, "persons": 2, "previous_wh": 9000},
        (7 * 9000 - 60_000) * F("0.5306"),
    ),
    ("household-electricity", {"consumed_wh": 60_000, "days": 7, "persons": 2, "previous_wh": 8000}, 0),
    ("household-electricity", {"consumed_wh": 60_000, "days": 7, "persons": 2}, 0),
    ("household-water", {"saved_l": 250}, F("0.25") * 194),
    ("lights-off", {"times": 1}, F("65.5")),
    (
        "online-meeting",
        {"participants": 3, "avoided_distance_m": 12_500, "minutes": 45},
        3 * F("12.5") * RAIL - 3 * F("0.75") * F("29.66"),
    ),
    ("online-meeting", {"participants": 3, "avoided_distance_m": 1, "minutes": 45}, 0),
    ("paperless", {"items": 1, "kind": "receipt"}, F("1.7")),
    ("paperless", {"items": 7, "kind": "bill"}, 7 * F("1.7")),
    ("paperless", {"items": 7, "kind": "ticket"}, 7 * F("1.7")),
    ("old-clothes", {"mass_g": 999}, 999 * F("3.6")),
    ("book-donation", {"books": 1}, 682 * RATE),
    ("electronics-recycling", {"items": 1, "kind": "tablet"}, 61_900 * RATE / 2),
    ("electronics-recycling", {"items": 2, "kind": "television"}, 2 * 472_000 * RATE / 2),
    ("second-hand", {"items": 1, "kind": "jeans"}, 25_100 * RATE),
    ("second-hand", {"items": 1, "kind": "laptop"}, 193_000 * RATE),
]
SEEDS = [
    ("subway-trip", {"trips": 1}, 200),
    ("lights-off", {"times": 1}, F("65.5")),
    ("no-tableware", {"orders": 1}, F("47.5")),
    ("cycling-instead-of-car", {"distance_m": 1000}, 250),
]
CREDIT_IDS = {each[0] for each in CREDITS}
SEED_IDS = {each[0] for each in SEEDS}


def _id(value: Any) -> str:
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(("methodology_id", "quantity", "grams"), CREDITS, ids=_id)
def test_beijings_lower_bounds_and_the_box_give_credits(
    methodology_id: str, quantity: dict[str, Any], grams: int
) -> None:
    assert _reduction(methodology_id, quantity) == (grams * 1000, True)


@pytest.mark.parametrize(("methodology_id", "quantity", "grams"), POINTS_ONLY, ids=_id)
def test_what_is_weak_or_not_yet_reviewed_gives_points_only(
    methodology_id: str, quantity: dict[str, Any], grams: Fraction
) -> None:
    assert _reduction(methodology_id, quantity) == (floor(grams * 1000), False)


@pytest.mark.parametrize(("methodology_id", "quantity", "grams"), SEEDS, ids=_id)
def test_the_seeds_figures_come_out_exactly(
    methodology_id: str, quantity: dict[str, Any], grams: Fraction
) -> None:
    assert _reduction(methodology_id, quantity, "seed-2023") == (grams * 1000, True)


def test_guangzhous_figure_holds_in_its_province_and_beijings_least_elsewhere() -> None:
    trip = {"trips": 1}
    assert _reduction("subway-trip", trip, "guangzhou-2015", "CN-GD") == (515_500, True)
    assert _reduction("subway-trip", trip, "guangzhou-2015", "CN-SH") == (46_000, True)
    assert _reduction("subway-trip", trip, "conservative", "CN-GD") == (46_000, True)


@pytest.mark.parametrize(("methodology_id", "quantity", "grams"), CREDITS + POINTS_ONLY, ids=_id)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_every_behaviours_factors(
    profile: str, methodology_id: str, quantity: dict[str, Any], grams: Fraction
) -> None:
    mg, credits_allowed = _reduction(methodology_id, quantity, profile)
    assert mg >= floor(grams * 1000)  # the other profiles are no lower than the conservative one
    on_foot = {"walking-instead-of-car", "walking-trip"}
    of_the_seeds = profile == "seed-2023" and methodology_id in {*on_foot, *SEED_IDS}
    assert credits_allowed is (of_the_seeds or methodology_id in CREDIT_IDS)


def test_every_methodology_is_worked_out_by_hand_here() -> None:
    assert {each[0] for each in CREDITS + POINTS_ONLY} == set(registry.versions())


def test_every_choice_of_every_methodology_has_a_factor_in_every_profile() -> None:
    for name in registry.versions():
        for quantity in registry.methodology(name, "1").factor_quantities:
            for profile in PROFILES:
                assert registry.factor(quantity, profile, "CN", TODAY)


# Electricity


def _grid(region: str, day: str = TODAY) -> str:
    return registry.factor("grid-electricity", "conservative", region, day).value


def test_a_citys_grid_is_its_provinces() -> None:
    assert _grid("CN-GD-GZ") == _grid("CN-GD") != _grid("CN")


@pytest.mark.parametrize(
    ("day", "value"),
    [
        ("2024-04-12", "0.5568"),
        ("2024-12-19", "0.5568"),
        ("2024-12-20", "0.5366"),
        ("2026-01-14", "0.5366"),
        ("2026-01-15", "0.5306"),
    ],
)
def test_the_nations_grid_follows_the_day_of_publication_and_not_the_factors_year(
    day: str, value: str
) -> None:
    assert _grid("CN", day) == value


def test_before_the_first_publication_there_is_no_grid_factor() -> None:
    with pytest.raises(FactorUnavailable):
        _grid("CN-GD", "2024-04-11")


@pytest.mark.parametrize(
    ("region", "value"),
    [
        ("CN-GD", "0.4403"),
        ("CN-BJ", "0.5580"),
        ("CN-SC", "0.1404"),
        ("CN-NM", "0.6849"),
        ("CN-XZ", "0.5306"),
    ],
)
def test_a_provinces_own_record_wins_over_its_regions_later_one(region: str, value: str) -> None:
    assert _grid(region) == value


def test_a_province_without_a_record_of_its_own_takes_its_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    south = [each for each in _records() if "CN-GD" in each.applies_in and len(each.applies_in) > 1]
    monkeypatch.setattr(registry, "records_of", lambda _quantity: tuple(south))
    assert [_grid("CN-GD", day) for day in ("2024-06-01", "2025-06-01", TODAY)] == [
        "0.4326",
        "0.3869",
        "0.4042",
    ]


def test_of_a_provinces_own_records_the_later_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [each for each in _records() if each.applies_in == ("CN-GD",)]
    later = replace(own[-1], id="grid-cn-gd-2024", value="0.4", valid_from="2026-06-01")
    monkeypatch.setattr(registry, "records_of", lambda _quantity: (later, *_records()))
    assert [_grid("CN-GD", day) for day in ("2026-05-31", "2026-06-01")] == ["0.4403", "0.4"]


def _records() -> list[Factor]:
    return [each for each in registry.factors().values() if each.quantity == "grid-electricity"]


def test_every_province_of_the_table_has_its_own_record_and_stands_in_one_region() -> None:
    own = [each for each in _records() if each.region != "CN" and each.year == 2022]
    regions = [place for each in _records() if len(each.applies_in) > 1 for place in each.applies_in]
    provinces = {each.region for each in own}
    assert len(provinces) == len(own) == 30
    # Inner Mongolia lies in two regions, so its own record alone stands for it.
    assert sorted(regions) == sorted([*(provinces - {"CN-NM"})] * 3)


def test_only_the_south_and_the_southwest_rose_from_2022_to_2023() -> None:
    of = {each.key: F(each.value) for each in _records()}
    rising = {
        name
        for name in ("north", "northeast", "east", "central", "northwest", "south", "southwest")
        if of[f"grid-{name}-2023@1"] > of[f"grid-{name}-2022@1"]
    }
    assert rising == {"south", "southwest"}


# Marks


def test_derived_figures_follow_from_what_their_records_say() -> None:
    value = {each.id: F(each.value) for each in registry.factors().values()}
    assert value["grid-cn-without-traded-2022"] == round(F("0.6096") / F("1.041"), 4)
    assert 0 <= value["metro-passenger-bj-ratio"] - CAR / 7 < F("0.01")
    assert 0 <= F(25) / F("85.9") - value["replacement-rate-phones"] < F("0.01")
    assert 0 <= F(1170_000_000_000, 1_400_000_000 * 365) - value["home-power-cn-2021"] < F("0.01")
    assert 0 <= F(22_000_000_000, 12_800_000_000) - value["paper-receipt-kr"] < F("0.1")
    assert value["car-left-home-two-trips"] == 2 * value["subway-trip-bj-least"]
    assert value["sorted-kitchen-qd-2023"] == F("230.17") - F("130.12")
    assert value["sorted-or-landfill-qd-2023"] == F("230.17") + F("686.39")
    assert F(159) <= F(2100) / F("13.2") < F(160)
    assert round(F(130_956_000_000, 593_000_000), 1) == value["shared-bike-claim-ofo-2017"]
    assert F(540_000_000_000, 2_500_000_000) == value["shared-bike-claim-mobike-2017"]


@pytest.mark.parametrize("factor", registry.factors().values(), ids=lambda each: each.key)
def test_only_figures_named_as_defaults_carry_credits(factor: Factor) -> None:
    """The reference's advice: Beijing's lower bounds, the box, the grid table, the seeds, Guangzhou; all else waits."""
    defaults = {"subway-trip", "bus-trip", "cycling-trip", "no-tableware", "clean-plate", "parcel-box"}
    published_before = factor.profiles == {"seed-2023"}
    electricity = factor.unit.dimensions == (("co2e", 1), ("energy", -1))
    household = factor.quantity == "household-electricity-per-household"  # no formula uses it
    substitution = factor.quantity == "subway-trip-substitution"
    if factor.credits_allowed:
        assert factor.quantity in defaults or published_before or electricity or household or substitution


def test_water_is_marked_unsourced() -> None:
    assert registry.factors()["water-cn-2010@1"].mark == "unsourced"
