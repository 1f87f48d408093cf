"""Where a role holds: ``verifier`` everywhere, ``verifier@carbon-88`` in one programme, ``verifier@CN-GD`` in one region and in all
that lies in it. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from puhui.kernel import regions
from puhui.kernel.errors import Forbidden

SEPARATOR = "@"
_REGION = re.compile(regions.PATTERN)


class OutOfScope(Forbidden):
    """``place``: the programme or region asked for."""

    code = "OUT_OF_SCOPE"
    zh = "您的角色不包括 {place}，请选择您负责的项目或地区。"
    en = "Your role does not hold in {place}. Name a programme or a region that it holds in."


@dataclass(frozen=True)
class Scope:
    """Where somebody's role holds. ``programmes`` and ``regions`` count unless it holds ``everywhere``."""

    everywhere: bool = False
    programmes: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    def covers(self, programme_id: str, jurisdiction: str) -> bool:
        """Whether it holds for what belongs to this programme, which is in this jurisdiction."""
        return (
            self.everywhere
            or programme_id in self.programmes
            or not self.regions.isdisjoint(regions.widening(jurisdiction))
        )

    def covers_region(self, region: str) -> bool:
        """Whether it holds for all of a region."""
        return self.everywhere or not self.regions.isdisjoint(regions.widening(region))


EVERYWHERE = Scope(everywhere=True)


def role_of(granted: str) -> str:
    """The role of a grant, wherever it holds."""
    return granted.partition(SEPARATOR)[0]


def scope_of(granted: Collection[str], wanted: Collection[str]) -> Scope | None:
    """Where somebody with these grants has one of the wanted roles; None: nowhere."""
    if not set(wanted).isdisjoint(granted):
        return EVERYWHERE
    places = {role.partition(SEPARATOR)[2] for role in granted if role_of(role) in wanted} - {""}
    if not places:
        return None
    found = frozenset(place for place in places if _REGION.match(place))
    return Scope(programmes=frozenset(places - found), regions=found)
