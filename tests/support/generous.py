"""Programmes whose members may say what they like: for tests that need an act credited in one request, and are about something else."""

from dataclasses import replace

import pytest

from puhui.programmes import presets
from puhui.programmes.model import Programme

NO_LIMIT_MG = 10**12


def believe_members(patch: pytest.MonkeyPatch) -> None:
    """Let acts without evidence count in full, as far as their own caps go."""
    read = presets.read

    def generous(programme_id: str) -> Programme:
        return replace(read(programme_id), self_declared_per_day_mg=NO_LIMIT_MG)

    patch.setattr(presets, "read", generous)
