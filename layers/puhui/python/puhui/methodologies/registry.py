"""What is published, read once and kept: documents and factor records that ship with the layer, and those that were filed
and published since (``also_from``).

``documents/<methodology>.v<version>.json`` is one version each; ``factors/*.json`` are lists of records. Later versions are
new files and new records beside the old ones.
"""

import json
import os
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, Protocol

from puhui.formulas.units import unit
from puhui.kernel.regions import widening
from puhui.methodologies.errors import (
    FactorIsZero,
    FactorUnavailable,
    MethodologyNotFound,
    MethodologyWithdrawn,
)
from puhui.methodologies.formula import Formula, bind
from puhui.methodologies.model import Bound, Factor, FactorUse, Input, Methodology

_HERE = os.path.dirname(__file__)  # noqa: PTH120 pathlib is not needed at run time
BINDINGS_KEPT = 1024  # callers choose region and day, so the number is bounded


class Source(Protocol):
    """Where versions are that were published after the layer was built. What it once gave never changes."""

    def document(self, methodology_id: str, version: str) -> dict[str, Any] | None:
        """A published methodology's document."""

    def withdrawn(self, methodology_id: str, version: str) -> bool:
        """Whether a published version counts no new acts any more."""

    def factors(self, quantity: str) -> tuple[Factor, ...]:
        """The published factor records of a quantity, those that were withdrawn left out."""

    def factor(self, key: str) -> Factor | None:
        """A factor record that was published, whatever became of it since."""

    def forget(self) -> None:
        """Ask again for all that can change."""


class _Nothing:
    def document(self, methodology_id: str, version: str) -> dict[str, Any] | None:  # noqa: ARG002
        return None

    def withdrawn(self, methodology_id: str, version: str) -> bool:  # noqa: ARG002
        return False

    def factors(self, quantity: str) -> tuple[Factor, ...]:  # noqa: ARG002
        return ()

    def factor(self, key: str) -> Factor | None:  # noqa: ARG002
        return None

    def forget(self) -> None:
        pass


_sources: list[Source] = [_Nothing()]


def also_from(source: Source) -> None:
    """Look versions that are not in the layer up in ``source``. Called once, by functions that have a table."""
    _sources[0] = source
    for kept in (_filed, _bound, formula_of_record):
        kept.cache_clear()


def ask_again() -> None:
    """Before something is decided for good: what was published or withdrawn a moment ago is known."""
    _sources[0].forget()


@cache
def versions() -> dict[str, tuple[str, ...]]:
    """The versions of each methodology in the layer, oldest first."""
    found: dict[str, list[str]] = {}
    for name in _names("documents"):
        methodology_id, _, version = name.removesuffix(".json").rpartition(".v")
        found.setdefault(methodology_id, []).append(version)
    return {each: tuple(sorted(found[each], key=_order)) for each in sorted(found)}


def methodology(methodology_id: str, version: str) -> Methodology:
    """A published version. Raises MethodologyNotFound; only names that are published ever reach the file
    system."""
    if version in versions().get(methodology_id, ()):
        return _methodology(methodology_id, version)
    return _filed(methodology_id, version)


def for_new_acts(methodology_id: str, version: str) -> Methodology:
    """The same for an act that is counted now. Raises MethodologyWithdrawn as well."""
    found = methodology(methodology_id, version)
    if version not in versions().get(methodology_id, ()) and _sources[0].withdrawn(methodology_id, version):
        raise MethodologyWithdrawn(methodology=found.key)
    return found


@lru_cache(BINDINGS_KEPT)
def _filed(methodology_id: str, version: str) -> Methodology:
    document = _sources[0].document(methodology_id, version)
    if document is None:
        raise MethodologyNotFound
    return methodology_from(document)


@cache
def factors() -> dict[str, Factor]:
    """The layer's factor records by ``id@version``."""
    read = (factor_from(each) for name in _names("factors") for each in _load("factors", name)["factors"])
    return {factor.key: factor for factor in read}


def factor_of(key: str) -> Factor | None:
    """A published record by its key, of the layer or filed since, whatever became of it."""
    return factors().get(key) or _sources[0].factor(key)


def records_of(quantity: str) -> tuple[Factor, ...]:
    """The published records of a quantity: the layer's, then those that were filed since."""
    return (*shipped_records(quantity), *_sources[0].factors(quantity))


def factor(quantity: str, profile: str, region: str, day: str) -> Factor:
    """The record of a quantity that holds for a profile, a region and a day (ISO text): that of the nearest
    region, and of those the one that came into force last. A record for one place alone wins over one that
    holds in several, such as a province's grid over that of its region. Raises FactorUnavailable."""
    known = [each for each in records_of(quantity) if profile in each.profiles and each.valid_from <= day]
    for place in widening(region):
        if found := [each for each in known if place in each.applies_in]:
            return max(
                found, key=lambda each: (len(each.applies_in) == 1, each.valid_from, _order(each.version))
            )
    raise FactorUnavailable(factor=quantity, region=region, day=day)


def formula(chosen: Methodology, profile: str, region: str, day: str, inputs: Mapping[str, Any]) -> Formula:
    """A methodology with the factors that hold for a profile, a region, a day and the choices among the inputs.

    Raises FactorUnavailable.
    """
    quantities = tuple(use.quantity(inputs) for use in chosen.factors)
    return _bound(chosen, tuple(factor(name, profile, region, day) for name in quantities))


@lru_cache(BINDINGS_KEPT)
def _bound(chosen: Methodology, records: tuple[Factor, ...]) -> Formula:
    bound = bind(chosen, records)
    for use, record in zip(chosen.factors, records, strict=True):
        if record.is_nothing and bound.reduction.divides_by(use.name):
            raise FactorIsZero(factor=record.key, methodology=chosen.key)
    return bound


@lru_cache(BINDINGS_KEPT)
def formula_of_record(methodology_key: str, factor_keys: tuple[str, ...]) -> Formula:
    """A version with exactly the factors that a record names."""
    chosen = methodology(*_id_and_version(methodology_key))
    return bind(chosen, tuple(_record(key) for key in factor_keys))


def _record(key: str) -> Factor:
    if (found := factor_of(key)) is None:
        raise ValueError(f"no factor {key} was ever published")
    return found


def _id_and_version(key: str) -> tuple[str, str]:
    methodology_id, _, version = key.partition("@")
    return methodology_id, version


@cache
def shipped_records(quantity: str) -> tuple[Factor, ...]:
    """The layer's records of a quantity."""
    return tuple(each for each in factors().values() if each.quantity == quantity)


@cache
def _methodology(methodology_id: str, version: str) -> Methodology:
    return methodology_from(_load("documents", f"{methodology_id}.v{version}.json"))


def methodology_from(document: dict[str, Any]) -> Methodology:
    """A methodology from its document, which fits schema.json. Raises ValueError for an unknown unit."""
    written = document["formula"]
    names = [each["name"] for each in document["inputs"]]
    return Methodology(
        id=document["id"],
        version=document["version"],
        name=document["name"],
        act=document["act"],
        inputs=tuple(_input(each) for each in document["inputs"]),
        factors=_product_factors(written) if "multiply" in written else _factor_uses(written),
        lines=(("baseline", _product(written, names)),) if "multiply" in written else _lines(written),
        discount=written.get("discount", "0"),
        formula=written["text"],
        cap_mg=document.get("caps", {}).get("per_act_mg"),
        evidence=tuple(document.get("evidence", ())),
        document=document,
        bounds=tuple(
            _plausible(each)
            for each in (*house_bounds().get(document["id"], ()), *document.get("bounds", ()))
        ),
    )


@cache
def house_bounds() -> dict[str, list[dict[str, Any]]]:
    """What is plausible by each methodology's id, for all its versions: those that were published before documents could
    say it never change, and a later one does not shed it."""
    return _load("", "bounds.json")


def _plausible(each: dict[str, Any]) -> Bound:
    when = next(((name, frozenset(words)) for name, words in each.get("when", {}).items()), None)
    return Bound(
        each["quantity"],
        each["why"],
        each.get("min"),
        each.get("max"),
        each.get("per", ""),
        each.get("each", 1),
        when,
    )


def _input(each: dict[str, Any]) -> Input:
    if "choices" in each:
        return Input(each["name"], each["label"], choices=tuple(each["choices"]))
    optional = each.get("optional", False)
    return Input(each["name"], each["label"], unit(each["unit"]), each["min"], each["max"], optional)


def _factor_uses(written: dict[str, Any]) -> tuple[FactorUse, ...]:
    return tuple(
        FactorUse(name, {"": use}) if isinstance(use, str) else FactorUse(name, use["quantities"], use["by"])
        for name, use in written["factors"].items()
    )


def _lines(written: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((line["name"], line["formula"]) for line in written["lines"])


# The first published versions say a product as a list of its terms.


def _product_factors(written: dict[str, Any]) -> tuple[FactorUse, ...]:
    quantities = [term["factor"] for term in written["multiply"] if isinstance(term, dict)]
    return tuple(FactorUse(_factor_name(quantity), {"": quantity}) for quantity in quantities)


def _product(written: dict[str, Any], inputs: list[str]) -> str:
    factors = [_factor_name(term["factor"]) for term in written["multiply"] if isinstance(term, dict)]
    return " * ".join([*inputs, *factors])


def _factor_name(quantity: str) -> str:
    return quantity.replace("-", "_")


def factor_from(record: dict[str, Any]) -> Factor:
    """A factor from its record, which fits factor.schema.json. Raises ValueError for an unknown unit."""
    return Factor(
        id=record["id"],
        version=record["version"],
        name=record["name"],
        quantity=record["quantity"],
        profiles=frozenset(record["profiles"]),
        value=record["value"],
        unit=unit(record["unit"]),
        region=record["region"],
        applies_in=tuple(record["applies_in"]),
        year=record["year"],
        publisher=record["publisher"],
        document=record["document"],
        source_url=record.get("source_url", ""),
        mark=record["mark"],
        valid_from=record["valid_from"],
    )


def _order(version: str) -> tuple[int, str]:
    """Versions in order: 2 before 10."""
    return (int(version), "") if version.isdecimal() else (0, version)


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(os.path.join(_HERE, folder)))  # noqa: PTH118, PTH208


def _load(folder: str, name: str) -> dict[str, Any]:
    with open(os.path.join(_HERE, folder, name), "rb") as file:  # noqa: PTH118, PTH123
        document: dict[str, Any] = json.load(file)
    return document
