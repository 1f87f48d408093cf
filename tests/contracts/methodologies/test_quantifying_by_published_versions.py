"""A version that was filed and published is quantified by, read once, until it is withdrawn."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from puhui.methodologies import api, published, registry, usecases
from puhui.methodologies.errors import MethodologyNotFound, MethodologyWithdrawn
from puhui.methodologies.published import STATUS_SECONDS, Published
from puhui.methodologies.repository import Methodologies
from puhui.programmes import api as programmes
from puhui.programmes import presets
from puhui.store import aws
from puhui.store.client import DynamoDB
from tests.contracts.methodologies.conftest import Clock, Office

DAY = date(2026, 11, 20)
CARBON_88 = programmes.programme("carbon-88")
OFF: Any = programmes.behaviour(CARBON_88, "lights_off")
PRESETS = Path(presets.__file__).parent / "presets"


def trial(version: str | None, times: int = 2) -> dict[str, Any]:
    return usecases.trial(
        "lights-off", CARBON_88, OFF, {"times": times}, occurred_on=DAY, region=None, version=version
    )


def test_a_programme_that_names_a_published_version_counts_by_it(office: Office, seconds: Clock):
    written = json.loads((PRESETS / "carbon-88.json").read_bytes())
    for each in written["behaviours"]:
        if each["id"] == "lights_off":
            each["methodology_version"] = "7"
    programme: Any = presets.from_document(written)
    behaviour: Any = programmes.behaviour(programme, "lights_off")
    with pytest.raises(MethodologyNotFound):
        api.quantify(programme, behaviour, {"times": 2}, DAY)
    done = office.bring()
    act = api.quantify(programme, behaviour, {"times": 2}, DAY)
    assert (act.credits_mg, act.methodology.hash) == (117_900, done["hash"])
    assert api.quantify(CARBON_88, OFF, {"times": 2}, DAY).credits_mg == 131_000
    explained = api.explain_record(act.record(), programme, act.credits_mg, 117)
    assert explained["methodology"] == {"id": "lights-off", "version": "7", "hash": done["hash"]}


def test_anyone_tries_a_published_version_and_nobody_a_draft(office: Office, seconds: Clock):
    office.file()
    with pytest.raises(MethodologyNotFound):
        trial("7")
    office.review()
    office.publish()
    assert (trial("7")["credits_mg"], trial(None)["credits_mg"]) == (117_900, 131_000)
    office.bring("8")
    assert trial("7")["credits_mg"] == 117_900  # superseded: programmes change when their documents do


def test_a_version_is_read_once_and_its_status_every_five_minutes(office: Office, seconds: Clock):
    office.bring()
    sent: list[str] = []

    def count(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        sent.append(operation)
        return aws.call(service, operation, payload)

    registry.also_from(Published(Methodologies(DynamoDB(count), office.table.table), seconds))
    for _ in range(5):
        trial("7")
    assert sent == ["GetItem"] * 3  # the version, its document, and whether a factor was filed
    seconds.pass_by(timedelta(seconds=STATUS_SECONDS))
    for _ in range(5):
        trial("7")
    assert sent == ["GetItem"] * 5  # the version and the factor again
    for _ in range(5):
        trial(None)
    assert sent == ["GetItem"] * 5  # versions of the layer are never asked about


def test_a_withdrawn_version_counts_no_new_acts_after_five_minutes_at_most(office: Office, seconds: Clock):
    office.bring()
    record = api.quantify_by(
        registry.for_new_acts("lights-off", "7"), CARBON_88, OFF, {"times": 2}, DAY
    ).record()
    office.withdraw()
    seconds.pass_by(timedelta(seconds=STATUS_SECONDS))
    with pytest.raises(MethodologyWithdrawn):
        trial("7")
    assert api.explain_record(record, CARBON_88, 117_900, 117)["credits_mg"] == 117_900
    registry.also_from(Published(office.table, seconds))  # another function, that starts now
    with pytest.raises(MethodologyWithdrawn):
        trial("7")
    assert api.explain_record(record, CARBON_88, 117_900, 117)["credits_mg"] == 117_900


def test_functions_look_where_the_environment_says(office: Office, monkeypatch: pytest.MonkeyPatch):
    office.bring()
    before = registry._sources[0]
    published.from_environment()
    try:
        monkeypatch.delenv("METHODOLOGIES_TABLE", raising=False)
        with pytest.raises(MethodologyNotFound):
            trial("7")
        monkeypatch.setenv("METHODOLOGIES_TABLE", office.table.table)
        assert trial("7")["credits_mg"] == 117_900
    finally:
        registry.also_from(before)
