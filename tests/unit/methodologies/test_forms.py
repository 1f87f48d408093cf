"""A form can be drawn from what list_behaviours answers."""

import pytest

from puhui.kernel import languages
from puhui.methodologies.forms import labelled
from puhui.programmes import api, usecases

BEHAVIOURS = [
    (programme.id, shown)
    for programme in api.all_programmes()
    for shown in usecases.list_behaviours(programme.id)["items"]
]


@pytest.mark.parametrize(("programme_id", "shown"), BEHAVIOURS, ids=[f"{p} {b['id']}" for p, b in BEHAVIOURS])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_question_has_its_words_in_the_readers_language(
    programme_id: str, shown: dict, language: str
) -> None:
    told = languages.in_language(labelled(shown), language)

    for asked in told["quantity_schema"]["properties"].values():
        assert isinstance(asked["title"], str)
        if "enum" in asked:
            assert len(asked["enumNames"]) == len(asked["enum"])
            assert not any("_" in name for name in asked["enumNames"])
        else:
            assert isinstance(asked["unit"]["name"], str)
    assert all(isinstance(cap["text"], str) for cap in told["caps"])


def test_the_words_are_those_of_the_methodology_and_of_the_house() -> None:
    sorting = next(
        shown for id_, shown in BEHAVIOURS if (id_, shown["id"]) == ("guangdong-tanpuhui", "garbage_sorting")
    )

    asked = languages.in_language(labelled(sorting), "en")["quantity_schema"]["properties"]

    assert asked["fraction"]["enumNames"] == [
        "kitchen waste",
        "recyclables",
        "hazardous waste",
        "residual waste",
    ]
    assert asked["mass_g"]["unit"] == {"symbol": "g", "name": "g"}


def test_a_cap_is_said_in_words() -> None:
    subway = next(shown for id_, shown in BEHAVIOURS if (id_, shown["id"]) == ("carbon-88", "subway_trip"))

    said = [cap["text"] for cap in labelled(subway)["caps"]]

    assert said[0] == {"zh-CN": "每天最多计 4 次", "en": "At most 4 acts a day"}
    assert said[1]["en"] == "At most 4 trips a day"


def test_a_methodology_that_is_not_there_leaves_the_bounds() -> None:
    _, shown = BEHAVIOURS[0]

    told = labelled({**shown, "methodology_id": "none-such"})

    assert told["quantity_schema"]["required"] == shown["quantity_schema"]["required"]
