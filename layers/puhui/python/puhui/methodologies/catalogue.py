"""The public reads of factors: those of the layer and those that were filed and published since."""

from collections.abc import Mapping
from typing import Any

from puhui.kernel.pages import Page
from puhui.methodologies import registry
from puhui.methodologies.errors import FactorNotFound
from puhui.methodologies.explanation import show_factor
from puhui.methodologies.lifecycle import PUBLIC, PUBLISHED
from puhui.methodologies.model import Factor
from puhui.methodologies.repository import Factors
from puhui.store.cursors import Cursors

SCOPE = "factors"
FILTERS = ("quantity", "profile", "region")


def list_factors(
    wanted: Mapping[str, str], limit: int, cursor: str | None, *, table: Factors, cursors: Cursors
) -> Page[Factor]:
    """A page of the records that acts can take, in the order of their keys: of a ``quantity``, in a ``profile``, used in a
    ``region``, where these are given. Raises CursorInvalid."""
    scope = SCOPE + "".join(f" {name}={wanted.get(name, '')}" for name in FILTERS)
    position = cursors.read(scope, cursor)
    filed = {key: registry.factor_from(record) for key, record in table.all_records().items()}
    known = {**registry.factors(), **filed}
    after = position["key"] if position else ""
    found = [known[key] for key in sorted(known) if key > after and _fits(known[key], wanted)]
    page = found[:limit]
    more = len(found) > limit
    return Page(page, cursors.write(scope, {"key": page[-1].key} if more else None))


def _fits(factor: Factor, wanted: Mapping[str, str]) -> bool:
    return (
        wanted.get("quantity", factor.quantity) == factor.quantity
        and ("profile" not in wanted or wanted["profile"] in factor.profiles)
        and ("region" not in wanted or wanted["region"] in factor.applies_in)
    )


def get_factor(factor_id: str, version: str, *, table: Factors) -> dict[str, Any]:
    """A record that is or was published, with its status. Raises FactorNotFound, for drafts too."""
    key = f"{factor_id}@{version}"
    if key in registry.factors():
        return {**shown(registry.factors()[key]), "status": PUBLISHED}
    found = table.version(factor_id, version)
    if found is None or found.status not in PUBLIC:
        raise FactorNotFound
    record = registry.factor_from(table.document(factor_id, found.hash))
    return {**shown(record), "status": found.status}


def shown(factor: Factor) -> dict[str, Any]:
    """The contract's ``Factor`` with where it is used."""
    return {
        **show_factor(factor),
        "quantity": factor.quantity,
        "profiles": sorted(factor.profiles),
        "applies_in": list(factor.applies_in),
    }
