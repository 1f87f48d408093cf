"""A programme asks for evidence that the methodology accepts."""

import pytest

from puhui.methodologies import registry
from puhui.programmes import api as programmes
from puhui.programmes.model import Behaviour

BEHAVIOURS = [
    pytest.param(behaviour, id=f"{programme.id} {behaviour.id}")
    for programme in programmes.all_programmes()
    for behaviour in programme.behaviours.values()
]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_what_shows_an_act_is_what_its_methodology_accepts(behaviour: Behaviour) -> None:
    accepted = registry.methodology(behaviour.methodology_id, behaviour.methodology_version).evidence
    # A device's or a partner's record comes without a photo. The first published versions name no evidence.
    shown = {"none": {"none", "device", "partner"}}.get(behaviour.evidence, {behaviour.evidence})
    assert not accepted or shown & set(accepted)
