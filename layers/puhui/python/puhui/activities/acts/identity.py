"""What makes two acts one, and the same for all programmes: behaviours have their ids in the whole house, and ``identity.json``
says of each how near a second report is the first one again, or whose days it reports, and why."""

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

_FILE = os.path.join(os.path.dirname(__file__), "identity.json")  # noqa: PTH118, PTH120 pathlib is not needed at run time


@dataclass(frozen=True, slots=True)
class Window:
    """Nearer than so many minutes a second act of a behaviour counts as the first one again: ``within`` the same
    programme, between what is sure of the two; ``across`` programmes, between what they usually take."""

    within: int
    across: int


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """The behaviour reports ``days`` (a quantity's name; "" for one day) of a ``member`` or of a ``household``. ``persons``:
    the quantity that says how many people live there. ``meter``: the quantity that runs through a meter ("": it has one, and the act
    does not tell what was used)."""

    of: str
    days: str = ""
    persons: str = ""
    meter: str | None = None


_NONE = Window(0, 0)  # a period's days are its identity


@cache
def _table() -> dict[str, Any]:
    with open(_FILE, "rb") as file:  # noqa: PTH123
        table: dict[str, Any] = json.load(file)
    return table


@cache
def window(behaviour: str) -> Window:
    """The window of a behaviour; that of an unknown one is the table's default."""
    found = _table()["behaviours"].get(behaviour, _table()["default"])
    return Window(found["within_minutes"], found["across_minutes"]) if "period" not in found else _NONE


@cache
def period_rule(behaviour: str) -> PeriodRule | None:
    """Whose days a behaviour reports; None where it reports a moment or a trip."""
    found = _table()["behaviours"].get(behaviour, {})
    return PeriodRule(**found["period"]) if "period" in found else None
