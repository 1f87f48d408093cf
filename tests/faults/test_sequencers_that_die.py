"""Up to three sequencers and a publisher, killed before and after every I/O, with lost answers of the head write."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from puhui.journal import publication, sequencer
from puhui.journal.model import Head
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.tiles import append
from tests.faults import simulation
from tests.faults.simulation import World

RUNS_A_PART, PARTS = 70, 8  # 560 runs
MUTANT_RUNS = 150


@pytest.fixture(autouse=True)
def in_turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in simulation.MODULES:
        monkeypatch.setattr(module, "at_once", simulation.one_after_the_other)
    return iter(())


def world(seed: int) -> World:
    return World(
        seed,
        sequencers=1 + seed % 3,
        publishers=1 + seed % 2,
        events=12 + seed % 23,
        kill_chance=(0.0, 0.01, 0.03)[seed // 3 % 3],
        lose_chance=0.2 if seed % 2 else 0.0,
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_dies_nothing_is_lost_duplicated_forked_or_taken_back(part: int):
    for seed in range(part * RUNS_A_PART, (part + 1) * RUNS_A_PART):
        it = world(seed)
        it.run()
        it.check()


def goes_wrong(seed: int) -> bool:
    """Whether something goes wrong in this world."""
    it = world(seed)
    try:
        it.run()
        it.check()
    except Exception:  # noqa: BLE001 whatever it is, the guard was needed
        return True
    return False


def blind_replace(
    body: bytes, size: int, standing: object, policy: object, objects: simulation.MemoryObjects
) -> tuple[int, bool]:
    found = objects.get(publication.CHECKPOINT)
    objects.replace(publication.CHECKPOINT, body, "", found.etag if found else None)
    return size, True


def without_recovery(log: sequencer.Log) -> Head:
    head, _, _ = log.table.head()
    if log.edge.size != head.size:
        log.edge = sequencer.read_edge(head.size, log.objects)
    return head


def signing_before_the_head_is_won(staged: sequencer.Staged, head: Head, log: sequencer.Log) -> bool:
    growth = append(log.edge, staged.leaves)
    Checkpoint(log.origin, growth.edge.size, growth.edge.root).signed(log.signer)
    return COMMIT(staged, head, log)


def tiles_before_the_head_is_won(staged: sequencer.Staged, head: Head, log: sequencer.Log) -> bool:
    for path, body in append(log.edge, staged.leaves).tiles.items():
        sequencer._put(path, body, "", log)
    return COMMIT(staged, head, log)


COMMIT = sequencer.commit


class Forgetful(simulation.MemoryTable):
    """Does not tell which entries stand already."""

    def indices(self, entry_ids):
        super().indices(entry_ids)
        return {}


class Hasty(simulation.MemoryTable):
    """Takes a stream back to an older leaf."""

    def advance(self, streams):
        for stream in streams:
            self.gate()
            self.by_stream[stream.name] = replace(stream, key=self.by_stream[stream.name].key)


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (publication, "_replace", blind_replace),
        (sequencer, "recover", without_recovery),
        (sequencer, "commit", signing_before_the_head_is_won),
        (sequencer, "commit", tiles_before_the_head_is_won),
        (simulation, "MemoryTable", Forgetful),
        (simulation, "MemoryTable", Hasty),
    ],
    ids=[
        "blind checkpoint",
        "no recovery",
        "signed too early",
        "tiles too early",
        "no dedupe",
        "tails go back",
    ],
)
def test_each_guard_is_needed(module, name: str, broken, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, name, broken)
    assert any(goes_wrong(seed) for seed in range(MUTANT_RUNS))
