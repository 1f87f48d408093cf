"""What a formula gives of any quantity that a programme takes, plausible or not."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from puhui.methodologies import api
from puhui.programmes.api import Behaviour, Programme


def computed(
    programme: Programme, behaviour: Behaviour, quantity: Mapping[str, Any], day: date
) -> api.Quantification:
    """The quantification without the bounds of what is plausible."""
    chosen = api.published(behaviour.methodology_id, behaviour.methodology_version)
    return api.quantify_by(chosen, programme, behaviour, quantity, day)
