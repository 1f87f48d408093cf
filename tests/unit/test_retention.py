"""What ends by itself, and when: the table of docs/privacy.md against the stacks and the constants of the code."""

import importlib
import re
from datetime import timedelta
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.build.contract import ROOT
from puhui.activities.appeals.model import APPEAL_WITHIN, DECIDE_WITHIN
from puhui.activities.recording import VERIFICATION_DAYS

AFTER_APPEALS = timedelta(days=30)
STACKS = {path.stem: yaml_parse(path.read_text("utf-8")) for path in (ROOT / "infra/stacks").glob("*.yaml")}
SECTION = (ROOT / "docs/privacy.md").read_text("utf-8").partition("## Retention")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in row.split("|")[1:5]]
    for row in re.findall(r"^\|.*\|$", SECTION, re.MULTILINE)[2:]
]
NAMED = re.compile(r"^`([\w.]+)\.([A-Z_]+)`$")
UNITS = {
    "day": timedelta(days=1),
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
}
ENDS = re.compile(r"^(TTL|lifecycle) `([a-z_]+)[.:]([\w-]+)`$")


def kept(text: str) -> timedelta | None:
    """``7 days``, or None for a text that is no number."""
    number, _, unit = text.partition(" ")
    return int(number) * UNITS[unit] if number.isdigit() else None


def lifecycle() -> dict[str, timedelta]:
    """What the buckets' rules delete, by ``<stack>:<rule>``."""
    found: dict[str, timedelta] = {}
    for stack, template in STACKS.items():
        for resource in template["Resources"].values():
            rules = resource.get("Properties", {}).get("LifecycleConfiguration", {}).get("Rules", [])
            for rule in rules:
                assert rule["Status"] == "Enabled"
                found[f"{stack}:{rule['Id']}"] = timedelta(days=rule["ExpirationInDays"])
    return found


def times_to_live() -> set[str]:
    """The attributes by which tables delete, as ``<table>.<attribute>``."""
    found = set()
    for template in STACKS.values():
        for resource in template["Resources"].values():
            properties: dict[str, Any] = resource.get("Properties", {})
            if rule := properties.get("TimeToLiveSpecification"):
                assert rule["Enabled"]
                found.add(f"{_name(properties['TableName'])}.{rule['AttributeName']}")
    return found


def _name(given: Any) -> str:
    text = given["Fn::Sub"] if isinstance(given, dict) else str(given)
    return text.removeprefix("${Prefix}-")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_the_code_and_the_stacks_do(row: list[str]):
    _, how_long, rule, ends = row
    if named := NAMED.match(rule):
        value = getattr(importlib.import_module(f"puhui.{named[1]}"), named[2])
        assert kept(how_long) == (value if isinstance(value, timedelta) else timedelta(seconds=value))
    found = ENDS.match(ends)
    if found and found[1] == "lifecycle":
        assert kept(how_long) == lifecycle()[f"{found[2]}:{found[3]}"]
    elif found:
        assert f"{found[2]}.{found[3]}" in times_to_live()


def test_whatever_deletes_is_in_the_table():
    told = [found for row in ROWS if (found := ENDS.match(row[3]))]
    assert {f"{each[2]}:{each[3]}" for each in told if each[1] == "lifecycle"} == lifecycle().keys()
    assert {f"{each[2]}.{each[3]}" for each in told if each[1] == "TTL"} == times_to_live()


def test_photos_stay_until_no_appeal_needs_them_and_thirty_days_more():
    longest = timedelta(days=VERIFICATION_DAYS) + APPEAL_WITHIN + DECIDE_WITHIN + AFTER_APPEALS
    assert lifecycle()["activities:photos-do-not-stay"] == longest


def test_logs_of_every_function_end_after_the_days_that_the_table_says():
    [days] = [kept(row[1]) for row in ROWS if row[3] == "`LogRetentionDays`"]
    root = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    assert days == timedelta(days=root["Parameters"]["LogRetentionDays"]["Default"])
    for template in [*STACKS.values(), root]:
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Logs::LogGroup":
                assert resource["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
