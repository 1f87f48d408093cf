"""Settlements on real tables, of every engine."""

from collections.abc import Callable, Iterator

import pytest

from tests.contracts.settlement.world import World


@pytest.fixture
def world(engine: str, make_table: Callable[[str], str]) -> Iterator[World]:
    world = World({name: make_table(name) for name in ("settlement", "rewards", "ledger")})
    yield world
    world.sound()
