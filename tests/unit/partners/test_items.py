"""A partner may tell what it gives: then nothing else is ordered there."""

from dataclasses import replace

import pytest

from puhui.partners.api import ItemUnknown, Partner, require_item

CINEMA = Partner("cinema", "carbon-88", {}, "https://cinema.example", 3600)


def test_a_partner_gives_what_is_among_its_items():
    require_item(replace(CINEMA, items=("T-1", "T-2")), "T-2")


@pytest.mark.parametrize("item", ["T-3", "t-1", "", "T"])
def test_a_partner_gives_nothing_else(item: str):
    with pytest.raises(ItemUnknown) as refused:
        require_item(replace(CINEMA, items=("T-1", "T-2")), item)
    assert "cinema" in refused.value.text("en")
    assert "cinema" in refused.value.text("zh-CN")


def test_a_partner_that_has_not_told_its_items_may_give_any():
    require_item(CINEMA, "T-3")
