"""Lines of a statement, for people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from puhui.kernel import clock, ids, languages
from puhui.ledger.model import Balance, Leg, Transfer, member
from puhui.ledger.statement import About, Names, change, line
from puhui.points.model import expiring

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
ME, FRIEND = member("01ME"), member("01FRIEND")
CO2, PTS = "CO2E:carbon-88:2026", "PTS:carbon-88"
SUBWAY = {"zh-CN": "乘坐地铁", "en": "Subway trip"}
COLA = {"zh-CN": "可乐", "en": "Cola"}
NAMES = Names(
    {
        About("activity", "01ACT"): SUBWAY,
        About("redemption", "01COLA"): COLA,
        About("activity", "01ACT", ME): SUBWAY,
    },
    {"carbon-88": {"zh-CN": "分", "en": "points"}},
)


def posted(kind: str, *legs: tuple[str, str, int], reference: str = "", home: str = ME) -> Transfer:
    made = tuple(Leg(*leg, lot="2028-11" if leg[1] == PTS else "") for leg in legs)
    return Transfer(ids.new_id(NOW), kind, NOW, made, reference, home)


def crediting(mg: int, points: int) -> Transfer:
    legs = [("issuance:carbon-88", CO2, -mg), (ME, CO2, mg), (ME, CO2, -points * 1000)]
    legs += [("pool:carbon-88", CO2, points * 1000), ("issuance:carbon-88", PTS, -points), (ME, PTS, points)]
    return posted("credit", *legs, reference="01ACT")


CREDIT = crediting(200_500, 200)
SHARE = posted(
    "share",
    ("issuance:carbon-88", CO2, -3000),
    (ME, CO2, 3000),
    (ME, CO2, -3000),
    ("pool:carbon-88", CO2, 3000),
    ("issuance:carbon-88", PTS, -3),
    (FRIEND, PTS, 3),
    reference="01ACT",
)
TAKEN_BACK = posted(
    "correction",
    ("pool:carbon-88", CO2, -5000),
    ("issuance:carbon-88", CO2, 5000),
    (ME, PTS, -5),
    ("issuance:carbon-88", PTS, 5),
    reference="01ACT",
)
SPENT = posted("redemption", (ME, PTS, -500), ("retired:carbon-88", PTS, 500), reference="01COLA")
OUT_OF_ESCROW = posted(
    "redemption", ("escrow:01COLA", PTS, -500), ("retired:carbon-88", PTS, 500), reference="01COLA"
)
ENDED = posted("expire", (ME, PTS, -1), ("expired:carbon-88", PTS, 1), reference="2026-11")


@pytest.mark.parametrize(
    ("transfer", "account", "title", "sentence", "about", "moved"),
    [
        (
            CREDIT,
            ME,
            "Subway trip",
            "Subway trip: 200.5 g of CO2e avoided, 200 points earned.",
            {"type": "activity", "id": "01ACT"},
            {"credits_mg": 200_500, "points": 200},
        ),
        (
            SHARE,
            ME,
            "Subway trip",
            "A friend collected a part of this act (Subway trip): 3 g of CO2e avoided.",
            {"type": "activity", "id": "01ACT"},
            {"credits_mg": 3000},
        ),
        (
            SHARE,
            FRIEND,
            "Subway trip",
            "Collected from a friend's act (Subway trip): 3 points earned.",
            {"type": "activity", "id": "01ACT"},
            {"points": 3},
        ),
        (
            TAKEN_BACK,
            ME,
            "Subway trip",
            "Subway trip, counted anew by the corrected factor: -5 g of CO2e avoided, 5 points taken back.",
            {"type": "activity", "id": "01ACT"},
            {"credits_mg": -5000, "points": -5},
        ),
        (
            SPENT,
            ME,
            "Cola",
            "Redeemed: Cola, for 500 points.",
            {"type": "redemption", "id": "01COLA"},
            {"points": -500},
        ),
        (
            OUT_OF_ESCROW,
            ME,
            "Cola",
            "Redeemed: Cola, for 500 points.",
            {"type": "redemption", "id": "01COLA"},
            {},
        ),
        (
            ENDED,
            ME,
            "Points that ended",
            "Ended with 2026-11: 1 point.",
            {"type": "lot", "id": "2026-11"},
            {"points": -1},
        ),
    ],
    ids=[
        "credit",
        "shared by a friend",
        "taken from a friend",
        "corrected",
        "redeemed",
        "out of escrow",
        "ended",
    ],
)
def test_a_line_says_what_it_is_about_and_what_it_changed(
    transfer: Transfer, account: str, title: str, sentence: str, about: dict[str, str], moved: dict[str, int]
) -> None:
    told = languages.in_language(line(transfer, account, NAMES), "en")

    assert (told["title"], told["sentence"], told["about"], told["change"]) == (title, sentence, about, moved)


def test_a_line_is_told_in_chinese_by_default_and_keeps_its_legs_as_details() -> None:
    told = languages.in_language(line(CREDIT, ME, NAMES), "zh-CN")

    assert (told["title"], told["sentence"]) == ("乘坐地铁", "「乘坐地铁」计入减排 200.5 克，得 200 分。")
    assert [leg["amount"] for leg in told["details"]["legs"]] == [
        -200_500,
        200_500,
        -200_000,
        200_000,
        -200,
        200,
    ]
    assert "legs" not in told


YESTERDAY, LAST_YEAR = NOW - timedelta(days=1), datetime(2025, 12, 31, 15, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("transfer", "at", "english", "chinese"),
    [
        (CREDIT, NOW - timedelta(minutes=5), "Subway trip: 200.5 g", "「乘坐地铁」计入减排"),
        (CREDIT, YESTERDAY, "Subway trip on 20 November: 200.5 g", "11 月 20 日「乘坐地铁」计入减排"),
        (
            CREDIT,
            LAST_YEAR,
            "Subway trip on 31 December 2025: 200.5 g",
            "2025 年 12 月 31 日「乘坐地铁」计入减排",
        ),
        (
            TAKEN_BACK,
            YESTERDAY,
            "Subway trip on 20 November, counted anew",
            "11 月 20 日「乘坐地铁」按更正后",
        ),
    ],
    ids=["same day", "day before", "year before", "corrected"],
)
def test_a_line_names_the_day_of_an_act_of_another_day(
    transfer: Transfer, at: datetime, english: str, chinese: str
) -> None:
    act = About("activity", "01ACT")
    shown = line(transfer, ME, replace(NAMES, times={act: at}))

    assert shown["sentence"]["en"].startswith(english)
    assert shown["sentence"]["zh-CN"].startswith(chinese)
    assert shown["about"] == {"type": "activity", "id": "01ACT", "occurred_at": clock.to_text(at)}
    assert shown["title"] == SUBWAY


def test_a_line_says_how_many_pieces_were_redeemed() -> None:
    three = line(SPENT, ME, replace(NAMES, pieces={About("redemption", "01COLA"): 3}))

    assert three["sentence"] == {
        "zh-CN": "兑换「可乐」× 3，用去 500 分。",
        "en": "Redeemed: 3 × Cola, for 500 points.",
    }


def test_a_statement_names_no_other_member() -> None:
    assert "01ME" not in str(line(SHARE, FRIEND, NAMES))


@pytest.mark.parametrize("kind", ["credit", "redemption", "settle", "from-later"])
def test_an_old_transfer_of_which_nothing_is_known_still_shows(kind: str) -> None:
    told = languages.in_language(line(replace(CREDIT, kind=kind, reference=""), ME, Names()), "en")

    assert told["title"]
    assert told["sentence"]
    assert told["about"] == {"type": "transfer", "id": CREDIT.id}


def test_the_changes_add_up_to_what_was_reduced() -> None:
    lines = [CREDIT, SHARE, TAKEN_BACK, SPENT]

    assert sum(change(each, ME).get("credits_mg", 0) for each in lines) == 200_500 + 3000 - 5000


def test_ids_of_transfers_carry_their_own_moment() -> None:
    """A statement goes by ids: one that carried another moment would stand in the wrong place."""
    late = NOW + timedelta(days=40)
    held = Balance(ME, "carbon-88", {}, {"2026-11": 5}, 3)

    assert abs(ids.time_of(expiring(held, "2026-11", late).id) - late) < timedelta(seconds=1)
