"""What a witness keeps on its disk, and what it does when that is not as it left it."""

import json
import threading
from pathlib import Path

import pytest

from puhui.tlog import checkpoints, notes
from puhui.tlog.errors import Malformed
from puhui.tlog.notes import COSIGNATURE, ED25519, Key, LocalSigner
from puhui.tlog.witnessing import AddCheckpoint
from puhui.witness import state
from puhui.witness.rules import Evidence
from puhui.witness.server import Witness
from puhui.witness.state import State, StateError
from tests.unit.witness.samples import NAME, ORIGIN, Log, Reply, cosigned_at

LOG, OTHER_FACE = Log(), Log(world="other ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A witness's folder that knows the log."""
    folder = tmp_path / "witness"
    state.create(folder, NAME)
    State(folder).add_log(LOG.key)
    return folder


def of_log(folder: Path) -> Path:
    return folder / "logs" / state.hash_of(ORIGIN)


def evidence(folder: Path) -> list[dict[str, object]]:
    return [json.loads(each.read_text("utf-8")) for each in sorted((of_log(folder) / "evidence").iterdir())]


def status(folder: Path, request: AddCheckpoint, now: float = 1_800_000_000) -> int:
    return Witness(State(folder), lambda: now).add_checkpoint(bytes(request)).status


def test_a_key_is_for_the_owner_only_and_is_never_overwritten(tmp_path: Path):
    key = state.create(tmp_path / "a" / "b", NAME)
    seed = tmp_path / "a" / "b" / "seed"
    assert (seed.stat().st_mode & 0o777, len(seed.read_bytes())) == (0o600, 32)
    assert (key.name, key.kind) == (NAME, COSIGNATURE)
    before = seed.read_bytes()
    with pytest.raises(StateError):
        state.create(tmp_path / "a" / "b", "another.example/w2")
    assert seed.read_bytes() == before
    assert State(tmp_path / "a" / "b").signer.key == key


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "with\x00nul", "with\u2028line"])
def test_a_name_that_no_note_can_hold_is_refused(tmp_path: Path, name: str):
    with pytest.raises(Malformed):
        state.create(tmp_path / "witness", name)
    assert not (tmp_path / "witness").exists()


def test_a_seed_that_others_can_read_is_not_used(folder: Path):
    (folder / "seed").chmod(0o640)
    with pytest.raises(StateError, match="600"):
        State(folder)


def test_a_seed_that_is_not_the_public_keys_is_not_used(folder: Path):
    for seed in (bytes(32), bytes(31)):
        (folder / "seed").write_bytes(seed)
        with pytest.raises(StateError):
            State(folder)


def test_a_folder_without_a_key_is_no_witness(tmp_path: Path):
    with pytest.raises(StateError, match="init"):
        State(tmp_path)


def test_a_log_added_twice_is_known_already_and_keeps_its_checkpoint(folder: Path):
    assert status(folder, LOG.request(0, 3)) == 200
    assert State(folder).add_log(LOG.key) is False
    assert status(folder, LOG.request(3, 5)) == 200


def test_another_key_for_a_known_origin_is_refused(folder: Path):
    with pytest.raises(StateError):
        State(folder).add_log(LocalSigner(ORIGIN, ED25519, b"s" * 32).key)
    assert State(folder).log(ORIGIN) == LOG.key


def test_a_witness_is_no_log(folder: Path):
    with pytest.raises(Malformed):
        State(folder).add_log(Key(ORIGIN, COSIGNATURE, LOG.key.public))


def test_a_key_in_another_logs_folder_is_not_used(folder: Path):
    other = Log("journal.other.example/2026")
    State(folder).add_log(other.key)
    (of_log(folder) / "vkey").write_text(f"{other.key}\n", "utf-8")
    with pytest.raises(StateError):
        status(folder, LOG.request(0, 3))


def test_a_log_is_known_to_a_running_witness_as_soon_as_it_is_added(folder: Path):
    other = Log("journal.other.example/2026")
    witness = Witness(State(folder))
    assert witness.add_checkpoint(bytes(other.request(0, 2))).status == 404
    State(folder).add_log(other.key)
    assert witness.add_checkpoint(bytes(other.request(0, 2))).status == 200


def test_what_was_cosigned_is_on_the_disk_with_both_signatures(folder: Path):
    answer = Witness(State(folder), lambda: 1_800_000_000.9).add_checkpoint(bytes(LOG.request(0, 3)))
    data = (of_log(folder) / "checkpoint").read_bytes()
    checkpoint, note = checkpoints.opened(data, LOG.key)
    own = State(folder).signer.key
    assert checkpoint == LOG.at(3)
    assert note.signed_by([LOG.key, own]) == {LOG.key: 0, own: 1_800_000_000}
    assert data.decode().endswith(answer.body)


def test_nothing_is_cosigned_when_the_disk_fails(folder: Path):
    assert status(folder, LOG.request(0, 3)) == 200
    before = (of_log(folder) / "checkpoint").read_bytes()
    (of_log(folder) / ".checkpoint.new").mkdir()  # nothing can be written there now
    with pytest.raises(OSError, match="directory"):
        status(folder, LOG.request(3, 5))
    assert (of_log(folder) / "checkpoint").read_bytes() == before
    (of_log(folder) / ".checkpoint.new").rmdir()
    assert status(folder, LOG.request(3, 5)) == 200


def test_what_a_crash_left_half_written_is_passed_over(folder: Path):
    assert status(folder, LOG.request(0, 3)) == 200
    (of_log(folder) / ".checkpoint.new").write_bytes(str(LOG.note(9)).encode()[:40])
    assert status(folder, LOG.request(3, 5)) == 200


def test_an_answer_lost_after_persisting_is_given_again(folder: Path):
    assert status(folder, LOG.request(0, 3)) == 200
    assert status(folder, LOG.request(3, 7)) == 200  # and the answer never arrived
    assert status(folder, LOG.request(3, 7)) == 409
    assert status(folder, LOG.request(7, 7)) == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:0],
        lambda data: data[:-1],
        lambda data: data.replace(b"\n3\n", b"\n2\n"),
        lambda data: data.rsplit("— ".encode(), 1)[0],  # without the witness's own line
        lambda data: data.replace(data, str(LOG.note(2)).encode()),
    ],
)
def test_a_damaged_checkpoint_is_never_taken_for_a_first_sight(folder: Path, spoil):
    assert status(folder, LOG.request(0, 3)) == 200
    path = of_log(folder) / "checkpoint"
    path.write_bytes(spoil(path.read_bytes()))
    for request in (LOG.request(0, 3), LOG.request(3, 5), OTHER_FACE.request(0, 5)):
        with pytest.raises(StateError):
            status(folder, request)
    with pytest.raises(StateError):
        State(folder).latest(state.hash_of(ORIGIN))


def test_a_clock_that_goes_back_yields_no_older_time(folder: Path):
    own = State(folder).signer.key
    given = []
    for old, size, now in ((0, 3, 2000.0), (3, 5, 1000.0), (5, 5, 1500.5), (5, 6, 3000.0)):
        answer = Witness(State(folder), lambda now=now: now).add_checkpoint(bytes(LOG.request(old, size)))
        reply = Reply(answer.status, answer.kind, answer.body.encode())
        given.append(cosigned_at(own, LOG.key, LOG.note(size), reply))
    assert given == [2000, 2000, 2000, 3000]


@pytest.mark.parametrize("now", [0.0, -5.0])
def test_a_clock_before_1970_yields_no_time_zero(folder: Path, now: float):
    answer = Witness(State(folder), lambda: now).add_checkpoint(bytes(LOG.request(0, 3)))
    reply = Reply(answer.status, answer.kind, answer.body.encode())
    assert cosigned_at(State(folder).signer.key, LOG.key, LOG.note(3), reply) == 1


def test_both_faces_of_a_split_view_are_kept_and_each_can_be_verified(folder: Path):
    assert status(folder, LOG.request(0, 3)) == 200
    assert status(folder, OTHER_FACE.request(3, 3), now=1_900_000_000) == 422
    (path,) = (of_log(folder) / "evidence").iterdir()
    assert path.name == "1900000000-3.json"
    (kept,) = evidence(folder)
    assert (kept["kind"], kept["found_at"], kept["origin"], kept["old"], kept["proof"]) == (
        "split-view",
        1_900_000_000,
        ORIGIN,
        3,
        [],
    )
    log, witness = Key.parse(str(kept["log"])), Key.parse(str(kept["witness"]))
    seen, seen_note = checkpoints.opened(str(kept["seen"]).encode(), log)
    refused, _ = checkpoints.opened(str(kept["refused"]).encode(), log)
    assert (seen, refused) == (LOG.at(3), OTHER_FACE.at(3))
    assert seen_note.signed_by([witness]) == {witness: 1_800_000_000}


def test_a_fork_is_kept_with_its_proof(folder: Path):
    assert status(folder, LOG.request(0, 3)) == 200
    assert status(folder, OTHER_FACE.request(3, 7)) == 422
    (kept,) = evidence(folder)
    assert kept["kind"] == "bad-proof"
    assert kept["proof"] == [notes.to_b64(each) for each in OTHER_FACE.proof(3, 7)]
    assert checkpoints.opened(str(kept["refused"]).encode(), LOG.key)[0] == OTHER_FACE.at(7)


def test_the_same_evidence_is_kept_once_and_different_evidence_of_one_second_apart(folder: Path):
    assert status(folder, LOG.request(0, 3)) == 200
    for _ in range(3):
        assert status(folder, OTHER_FACE.request(3, 3)) == 422
        assert status(folder, Log(world="third ").request(3, 3)) == 422
    names = sorted(each.name for each in (of_log(folder) / "evidence").iterdir())
    assert names == ["1800000000-3-2.json", "1800000000-3.json"]
    assert {str(each["refused"]) for each in evidence(folder)} == {
        str(OTHER_FACE.note(3)),
        str(Log(world="third ").note(3)),
    }


def test_bad_proofs_leave_room_for_split_views(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(state, "EVIDENCE_FILES_MAX", {Evidence.BAD_PROOF: 2, Evidence.SPLIT_VIEW: 3})
    assert status(folder, LOG.request(0, 3)) == 200
    for size in (5, 6, 7, 8):
        assert status(folder, AddCheckpoint(3, (), str(LOG.note(size)).encode())) == 422
    assert [each["kind"] for each in evidence(folder)] == ["bad-proof", "bad-proof"]
    assert status(folder, OTHER_FACE.request(3, 3)) == 422
    assert status(folder, Log(world="third ").request(3, 3)) == 422
    assert sorted(str(each["kind"]) for each in evidence(folder)) == ["bad-proof", "bad-proof", "split-view"]


def test_two_states_on_one_folder_never_hold_a_log_at_once(folder: Path):
    first, second = State(folder), State(folder)
    entered, order = threading.Event(), []

    def come_second() -> None:
        entered.set()
        with second.locked(ORIGIN):
            order.append("second")

    with first.locked(ORIGIN):
        thread = threading.Thread(target=come_second)
        thread.start()
        entered.wait(10)
        thread.join(0.1)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
