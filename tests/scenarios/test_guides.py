"""A reader follows each guide to its end: every command does what the guide says."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import guides


@pytest.mark.parametrize("name", [name for name in guides.NAMES if name != "deployer"])
def test_a_guides_commands_work_on_the_local_cloud(name: str, local_cloud: Any, tmp_path: Path) -> None:
    guides.play(name, tmp_path, local_cloud.url)
