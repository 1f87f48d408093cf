"""Programmes whose members may say what they like: for tests that need an act credited in one request, and are about something else."""

from dataclasses import replace

import pytest

from puhui.programmes import presets
from puhui.programmes.model import Programme

NO_LIMIT_MG = 10**12


@pytest.fixture
def members_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acts without evidence count in full, as far as their own caps go."""
    read = presets.read

    def generous(programme_id: str, version: str = "") -> Programme:
        return replace(read(programme_id, version), self_declared_per_day_mg=NO_LIMIT_MG)

    monkeypatch.setattr(presets, "read", generous)
