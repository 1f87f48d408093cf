"""What is published: documents and factor records that ship with the layer, read once and kept.

``documents/<methodology>.v<version>.json`` is one version each; ``factors/*.json`` are lists of records.
Later versions are new files and new records beside the old ones.
"""

import json
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from puhui.methodologies.errors import FactorUnavailable, MethodologyNotFound
from puhui.methodologies.formula import Formula, bind
from puhui.methodologies.model import Factor, Input, Methodology
from puhui.methodologies.units import smallest_units, unit

_HERE = os.path.dirname(__file__)  # noqa: PTH120 pathlib is not needed at run time
BINDINGS_KEPT = 1024  # callers choose region and day, so the number is bounded


@cache
def versions() -> dict[str, tuple[str, ...]]:
    """The published versions of each methodology, oldest first."""
    found: dict[str, list[str]] = {}
    for name in _names("documents"):
        methodology_id, _, version = name.removesuffix(".json").rpartition(".v")
        found.setdefault(methodology_id, []).append(version)
    return {each: tuple(sorted(found[each], key=_order)) for each in sorted(found)}


def methodology(methodology_id: str, version: str) -> Methodology:
    """A published version. Raises MethodologyNotFound; only names that are published ever reach the file
    system."""
    if version not in versions().get(methodology_id, ()):
        raise MethodologyNotFound
    return _methodology(methodology_id, version)


@cache
def factors() -> dict[str, Factor]:
    """All factor records by ``id@version``."""
    read = (factor_from(each) for name in _names("factors") for each in _load("factors", name)["factors"])
    return {factor.key: factor for factor in read}


def factor(quantity: str, profile: str, region: str, day: str) -> Factor:
    """The record of a quantity that holds for a profile, a region and a day (ISO text): that of the nearest
    region, and of those the one that came into force last. Raises FactorUnavailable."""
    for place in _widening(region):
        found = [
            each for each in _of(quantity, profile) if place in each.applies_in and each.valid_from <= day
        ]
        if found:
            return max(found, key=lambda each: (each.valid_from, _order(each.version)))
    raise FactorUnavailable(factor=quantity, region=region, day=day)


@lru_cache(BINDINGS_KEPT)
def formula(methodology_id: str, version: str, profile: str, region: str, day: str) -> Formula:
    """A version with the factors that hold for a profile, a region and a day. Raises as its parts do."""
    chosen = methodology(methodology_id, version)
    return bind(chosen, tuple(factor(name, profile, region, day) for name in chosen.factor_quantities))


@lru_cache(BINDINGS_KEPT)
def formula_of_record(methodology_key: str, factor_keys: tuple[str, ...]) -> Formula:
    """A version with exactly the factors that a record names."""
    methodology_id, _, version = methodology_key.partition("@")
    return bind(methodology(methodology_id, version), tuple(factors()[key] for key in factor_keys))


@cache
def _of(quantity: str, profile: str) -> tuple[Factor, ...]:
    return tuple(
        each for each in factors().values() if each.quantity == quantity and profile in each.profiles
    )


@cache
def _methodology(methodology_id: str, version: str) -> Methodology:
    return methodology_from(_load("documents", f"{methodology_id}.v{version}.json"))


def methodology_from(document: dict[str, Any]) -> Methodology:
    """A methodology from its document, which fits schema.json. Raises ValueError for an unknown unit."""
    return Methodology(
        id=document["id"],
        version=document["version"],
        name=document["name"],
        act=document["act"],
        inputs=tuple(
            Input(each["name"], unit(each["unit"]), each["min"], each["max"], each["label"])
            for each in document["inputs"]
        ),
        factor_quantities=tuple(
            term["factor"] for term in document["formula"]["multiply"] if isinstance(term, dict)
        ),
        formula=document["formula"]["text"],
        document=document,
    )


def factor_from(record: dict[str, Any]) -> Factor:
    """A factor from its record, which fits factors.schema.json. Raises ValueError for a wrong value or
    unit."""
    measured = unit(record["unit"])
    return Factor(
        id=record["id"],
        version=record["version"],
        name=record["name"],
        quantity=record["quantity"],
        profiles=frozenset(record["profiles"]),
        value=record["value"],
        unit=measured,
        whole=smallest_units(record["value"], measured),
        region=record["region"],
        applies_in=tuple(record["applies_in"]),
        year=record["year"],
        publisher=record["publisher"],
        document=record["document"],
        source_url=record.get("source_url", ""),
        mark=record["mark"],
        valid_from=record["valid_from"],
    )


def _widening(region: str) -> Iterator[str]:
    """``CN-GD``, then ``CN``."""
    yield region
    if "-" in region:
        yield region.partition("-")[0]


def _order(version: str) -> tuple[int, str]:
    """Versions in order: 2 before 10."""
    return (int(version), "") if version.isdecimal() else (0, version)


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(os.path.join(_HERE, folder)))  # noqa: PTH118, PTH208


def _load(folder: str, name: str) -> dict[str, Any]:
    with open(os.path.join(_HERE, folder, name), "rb") as file:  # noqa: PTH118, PTH123
        document: dict[str, Any] = json.load(file)
    return document
