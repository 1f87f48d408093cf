"""A cosignature counts when it is the witness's own, on what was asked, and tells when."""

import pytest

from puhui.journal import witnesses
from puhui.tlog import checkpoints, notes
from puhui.tlog.notes import COSIGNATURE
from puhui.tlog.policy import Witness
from tests.support.logs import Log, entry, signer

WITNESS = signer("witness.example/w1", COSIGNATURE)


@pytest.mark.parametrize(("at", "outcome"), [(0, "failed"), (1_795_221_000, "cosigned")])
def test_a_cosignature_without_a_time_is_none(at: int, outcome: str) -> None:
    log = Log()
    log.append([entry(0)])
    note = log.checkpoint(witnesses=[])
    checkpoint = checkpoints.parse_text(note.text)

    def post(url: str, _body: bytes) -> tuple[int, bytes]:
        assert url == "https://w.example/add-checkpoint"
        return 200, str(notes.sign(note, WITNESS, at)).encode()

    witness = Witness("w", WITNESS.key, "https://w.example")
    asked = witnesses.ask(witness, 0, note, checkpoint, log.tree(), post)
    assert asked.outcome == outcome
    assert bool(asked.signature) == (outcome == "cosigned")
