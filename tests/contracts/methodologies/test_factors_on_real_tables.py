"""Factors are filed by one person and published by another, on real tables, and acts take them."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from puhui.kernel.documents import DocumentInvalid
from puhui.methodologies import api, catalogue, filing, procedure, registry
from puhui.methodologies.errors import AuthorMayNotPublish, FactorIsZero, FactorNotFound, VersionShipped
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.procedure import Command
from puhui.methodologies.published import STATUS_SECONDS, Published
from puhui.methodologies.repository import VERSIONS, Factors, publication_in
from puhui.programmes import api as programmes
from puhui.store.client import DynamoDB
from tests.contracts.methodologies.conftest import CITY, DOCUMENT, NOW, OTHER_PROVINCE, PROVINCE, document

RECORD: dict[str, Any] = {
    "id": "lights-off-2027",
    "version": "1",
    "name": {"zh-CN": "随手关灯", "en": "Lights off"},
    "quantity": "lights-off",
    "profiles": ["seed-2023"],
    "value": "70",
    "unit": "gCO2e/act",
    "region": "CN",
    "applies_in": ["CN"],
    "year": 2026,
    "publisher": "somebody",
    "document": "a table",
    "source_url": "https://example.org/table",
    "mark": "S",
    "valid_from": "2026-11-01",
}
DAY = date(2026, 11, 20)


@pytest.fixture
def table(engine: str, make_table: Callable[[str], str]) -> Factors:
    return Factors(DynamoDB(), make_table("methodologies"))


@pytest.fixture
def seconds(table: Factors) -> Iterator[list[float]]:
    """A function that knows the table; its time is the test's."""
    now = [0.0]
    registry.also_from(Published(table, lambda: now[0]))  # type: ignore[arg-type]
    yield now
    registry.also_from(registry._Nothing())


def record(**changes: Any) -> dict[str, Any]:
    return RECORD | changes


def file(table: Factors, made: dict[str, Any], by: Officer = CITY) -> dict[str, Any]:
    return procedure.file(made, "CN", Command(by, NOW), check=filing.factor, table=table)


def publish(table: Factors, draft: dict[str, Any], by: Officer = PROVINCE) -> dict[str, Any]:
    where = draft["id"], draft["version"]
    procedure.review(*where, "approve", draft["hash"], "", Command(OTHER_PROVINCE, NOW), table=table)
    return procedure.publish(*where, draft["hash"], "", Command(by, NOW), table=table)


def lights_off() -> int:
    programme = programmes.programme("carbon-88")
    behaviour: Any = programmes.behaviour(programme, "lights_off")
    return api.quantify(programme, behaviour, {"times": 1}, DAY).reduction_mg


def test_acts_take_a_factor_once_somebody_else_has_published_it_until_it_is_withdrawn(
    table: Factors, seconds: list[float]
):
    assert lights_off() == 65_500
    draft = file(table, record())
    with pytest.raises(AuthorMayNotPublish):
        publish(table, draft, by=CITY)
    where = draft["id"], draft["version"]
    published = procedure.publish(*where, draft["hash"], "", Command(PROVINCE, NOW), table=table)
    assert published["status"] == "published"
    assert lights_off() == 65_500  # as known for five minutes
    seconds[0] += STATUS_SECONDS
    assert lights_off() == 70_000
    kept = catalogue.get_factor(*where, table=table)
    assert (kept["value"], kept["status"]) == ("70", "published")
    procedure.withdraw(*where, "wrong", Command(PROVINCE, NOW), table=table)
    seconds[0] += STATUS_SECONDS
    assert lights_off() == 65_500
    assert api.factor("lights-off-2027@1") is not None  # what was counted by it is still explained
    assert catalogue.get_factor(*where, table=table)["status"] == "withdrawn"


def test_a_later_version_leaves_the_days_before_it_to_the_earlier_one(table: Factors, seconds: list[float]):
    publish(table, file(table, record()))
    publish(table, file(table, record(version="2", value="80", valid_from="2026-11-15")))
    seconds[0] += STATUS_SECONDS
    assert registry.factor("lights-off", "seed-2023", "CN", "2026-11-10").value == "70"
    assert registry.factor("lights-off", "seed-2023", "CN-GD-GZ", "2026-11-15").value == "80"
    assert catalogue.get_factor("lights-off-2027", "1", table=table)["status"] == "superseded"


def test_a_factor_of_zero_counts_and_nothing_is_divided_by_it(table: Factors, seconds: list[float]):
    publish(table, file(table, record(value="0")))
    seconds[0] += STATUS_SECONDS
    assert lights_off() == 0
    chosen = registry.methodology_from(
        {
            **registry.methodology("lights-off", "1").document,
            "id": "odd",
            "formula": {
                "text": "odd",
                "factors": {"a": "lights-off", "b": "lights-off"},
                "lines": [{"name": "baseline", "formula": "times * a * a / b"}],
            },
        }
    )
    with pytest.raises(FactorIsZero):
        registry.formula(chosen, "seed-2023", "CN", "2026-11-20", {"times": 1})


def test_what_looks_odd_stays_with_the_draft(table: Factors):
    draft = file(table, record(value="700", mark="W"))
    assert [each["code"] for each in draft["warnings"]] == ["FAR_FROM_PUBLISHED", "POINTS_ONLY"]
    waiting = procedure.get_draft(draft["id"], "1", table=table)
    assert (waiting["warnings"], waiting["document"]["value"]) == (draft["warnings"], "700")
    again = file(table, record(value="66"))
    assert again["warnings"] == []


def test_drafts_are_not_shown_and_records_of_the_layer_not_filed_again(table: Factors):
    file(table, record())
    with pytest.raises(FactorNotFound):
        catalogue.get_factor("lights-off-2027", "1", table=table)
    with pytest.raises(FactorNotFound):
        procedure.get_draft("lights-off", "7", table=table)
    shipped = next(iter(registry.factors().values()))
    with pytest.raises(VersionShipped):
        file(table, record(id=shipped.id, version=shipped.version))


def test_the_journal_is_told_of_a_factor_as_of_a_methodology(table: Factors):
    publish(table, file(table, record()))
    version = table.version("lights-off-2027", "1")
    assert version is not None
    told = publication_in(VERSIONS[table.prefix].item(version))
    assert told is not None
    assert (told.kind, told.name, told.status) == ("factor", "lights-off-2027", "published")


def heat(name: str, version: str = "1", unit: str = "tCO2e/GJ") -> dict[str, Any]:
    return record(id=name, version=version, quantity="heat-of-a-city", value="0.11", unit=unit)


def approved(table: Factors, made: dict[str, Any]) -> dict[str, Any]:
    draft = file(table, made)
    where = draft["id"], draft["version"]
    return procedure.review(*where, "approve", draft["hash"], "", Command(OTHER_PROVINCE, NOW), table=table)


def bring_out(table: Factors, draft: dict[str, Any]) -> dict[str, Any]:
    where = draft["id"], draft["version"]
    return procedure.publish(*where, draft["hash"], "", Command(PROVINCE, NOW), table=table)


def refused_unit(step: Callable[[], object]) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        step()
    assert refused.value.details["pointer"] == "/unit"
    for language in ("zh-CN", "en"):
        assert "tCO2e/GJ" in refused.value.text(language)


def test_a_record_that_measures_something_else_is_refused_the_moment_after_the_first_one_is_published(
    table: Factors, seconds: list[float]
):
    assert registry.records_of("heat-of-a-city") == ()  # known for five minutes to acts
    other, later = (
        approved(table, heat("b", unit="kgCO2e/km")),
        approved(table, heat("a", "2", unit="kgCO2e/km")),
    )
    bring_out(table, approved(table, heat("a")))
    refused_unit(lambda: bring_out(table, other))
    refused_unit(lambda: bring_out(table, later))
    refused_unit(lambda: file(table, heat("c", unit="kgCO2e/km")))
    assert list(table.records("heat-of-a-city")) == ["a@1"]
    assert procedure.get_draft("b", "1", table=table)["status"] == "approved"


def test_of_two_published_at_once_that_measure_different_things_one_is_refused(table: Factors):
    slower = approved(table, heat("b", unit="kgCO2e/km"))
    quicker = approved(table, heat("a"))
    in_force, calls = table.put_in_force, 0

    def overtaken(*arguments: Any) -> None:
        nonlocal calls
        in_force(*arguments)  # it has read that nothing is settled
        calls += 1
        if calls == 1:
            bring_out(Factors(table.dynamodb, table.table), quicker)

    table.put_in_force = overtaken  # type: ignore[method-assign]
    refused_unit(lambda: bring_out(table, slower))
    assert list(table.records("heat-of-a-city")) == ["a@1"]


def test_what_a_quantity_measures_outlives_the_withdrawal_of_its_records(table: Factors):
    bring_out(table, approved(table, heat("a")))
    procedure.withdraw("a", "1", "wrong", Command(PROVINCE, NOW), table=table)
    assert table.records("heat-of-a-city") == {}
    refused_unit(lambda: file(table, heat("b", unit="kgCO2e/km")))
    assert bring_out(table, approved(table, heat("b", unit="kgCO2e/MJ")))["status"] == "published"


def test_the_reviewer_is_told_what_was_published_a_moment_ago(table: Factors, seconds: list[float]):
    assert registry.records_of("heat-of-a-city") == ()
    bring_out(table, approved(table, heat("a")))
    codes = [each["code"] for each in file(table, heat("b") | {"value": "110"})["warnings"]]
    assert codes == ["FAR_FROM_PUBLISHED"]


def test_a_methodology_may_name_a_factor_that_was_published_a_moment_ago(
    table: Factors, seconds: list[float]
):
    assert registry.records_of("lights-of-a-city") == ()
    lamp = record(quantity="lights-of-a-city")
    made = document(formula={**DOCUMENT["formula"], "factors": {"each": "lights-of-a-city"}})
    made["test_vectors"][0]["reduction_mg"] = 126_000
    with pytest.raises(DocumentInvalid):
        filing.methodology(made)
    bring_out(table, approved(table, lamp))
    filing.methodology(made)
