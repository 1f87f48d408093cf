"""Programmes whose members are believed: for tests that need an act credited in one request, and are about something else."""

from dataclasses import replace

import pytest

from puhui.kernel.grades import CREDITS, PHOTO, SELF_DECLARED, VERIFIED
from puhui.programmes import presets
from puhui.programmes.model import Accepted, Behaviour, Programme

NO_LIMIT_MG = 10**12


@pytest.fixture
def members_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A member's word gives credits, as far as the caps go, and photos are taken, wherever they may be by the methodology."""
    read = presets.read

    def generous(programme_id: str, version: str = "") -> Programme:
        programme = read(programme_id, version)
        behaviours = {name: _believed(each) for name, each in programme.behaviours.items()}
        return replace(programme, self_declared_per_day_mg=NO_LIMIT_MG, behaviours=behaviours)

    monkeypatch.setattr(presets, "read", generous)


def _believed(behaviour: Behaviour) -> Behaviour:
    """The behaviour where each grade that it accepts gives credits, and a photo does beside a word."""
    evidence = {grade: Accepted(CREDITS) for grade in behaviour.evidence}
    if SELF_DECLARED in evidence:
        evidence[PHOTO] = Accepted(CREDITS)
    if VERIFIED in evidence:
        evidence[SELF_DECLARED] = Accepted(CREDITS)
    return replace(behaviour, evidence=evidence)
