"""/docs shows the contract from files on this machine."""

import re

import pytest

from infra.local import docs


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = docs.page()
    assert not re.search(r"https?://", page)
    wanted = set(re.findall(r'(?:src|href|url)(?:=|: )"/docs/([^"]+)"', page))
    assert wanted == {*docs.ASSETS, "contract.json"}


def test_every_asset_is_there() -> None:
    for name, content_type in docs.ASSETS.items():
        content, told = docs.asset(name)
        assert content
        assert told == content_type


def test_no_other_file_is_served() -> None:
    with pytest.raises(KeyError):
        docs.asset("../__init__.py")


def test_the_contract_is_shown_in_both_languages_and_without_the_gateways_part() -> None:
    shown = docs.contract_json()
    described = shown["paths"]["/redemptions"]["post"]["description"]
    assert "用积分兑换奖品" in described
    assert "Spends points on a reward" in described
    assert "x-amazon" not in str(shown)
