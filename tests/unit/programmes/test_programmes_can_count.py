"""Every programme that ships can count what it says it counts: the same check that a filed one has to pass."""

from dataclasses import replace
from datetime import date

import pytest

from puhui.methodologies import api as methodologies
from puhui.methodologies.errors import BehaviourNotCountable
from puhui.programmes import api as programmes
from puhui.programmes.model import Accepted, Behaviour, Programme

DAY = date(2026, 11, 20)
BEHAVIOURS = [
    pytest.param(programme, behaviour, id=f"{programme.id} {behaviour.id}")
    for programme in programmes.all_programmes()
    for behaviour in programme.behaviours.values()
]


@pytest.mark.parametrize(("programme", "behaviour"), BEHAVIOURS)
def test_each_behaviour_can_be_counted(programme: Programme, behaviour: Behaviour) -> None:
    methodologies.require_countable(programme, behaviour, DAY)


def test_evidence_that_the_methodology_does_not_accept_is_refused() -> None:
    programme = programmes.programme("guangdong-tanpuhui")
    plate = replace(programmes.behaviour(programme, "clean_plate"), evidence={"track": Accepted("credits")})
    with pytest.raises(BehaviourNotCountable):
        methodologies.require_countable(programme, plate, DAY)


def test_a_version_that_nobody_published_is_refused_with_the_reason() -> None:
    programme = programmes.programme("carbon-88")
    unknown = replace(programmes.behaviour(programme, "cycling"), methodology_version="99")
    with pytest.raises(BehaviourNotCountable) as refused:
        methodologies.require_countable(programme, unknown, DAY)
    assert "cycling" in refused.value.text("en")
