"""Corrections hold on every engine."""

import pytest


@pytest.fixture(autouse=True)
def every_engine(engine: str, members_are_believed: None) -> None:
    """Runs each test on each engine; what acts gave is corrected, whatever let them in."""
