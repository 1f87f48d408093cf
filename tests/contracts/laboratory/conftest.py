"""Corrections hold on every engine."""

import pytest


@pytest.fixture(autouse=True)
def every_engine(engine: str) -> None:
    """Runs each test on each engine."""
