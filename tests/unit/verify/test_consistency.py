"""puhui-verify consistency."""

import json
from pathlib import Path

import pytest

from puhui.tlog.notes import to_b64
from tests.support.logs import Log, entry, many_entries
from tests.unit.verify.conftest import flipped


@pytest.fixture
def old(log: Log, tmp_path: Path) -> Path:
    path = tmp_path / "old"
    path.write_bytes(log.checkpoint_bytes(100))
    return path


@pytest.fixture
def new(log: Log, tmp_path: Path) -> Path:
    path = tmp_path / "new"
    path.write_bytes(log.checkpoint_bytes(300))
    return path


@pytest.fixture
def proof(log: Log, tmp_path: Path) -> Path:
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(log.consistency(100, 300)))
    return path


def test_a_proof_shows_that_the_log_only_grew(run, old, new, proof, policy):
    answer = run("consistency", old, new, "--policy", policy, "--proof", proof)
    assert answer.status == 0
    assert (
        "the log journal.greenpoints.example/2026, now of 300 entries, contains all of the old one (100 entries), unchanged"
        in answer.out
    )
    assert answer.out.count("The quorum alliance is met.") == 2
    answer = run("consistency", old, new, "--policy", policy, "--proof", proof, "--lang", "zh")
    assert "现有 300 条记录，其中完整包含旧日志的 100 条记录，内容和位置都没有改动。" in answer.out
    assert "新检查点（300 条记录）：" in answer.out
    told = run("consistency", old, new, "--policy", policy, "--proof", proof, "--json").told
    assert (told["old"]["size"], told["new"]["size"], told["old"]["quorum_met"]) == (100, 300, True)


def test_the_proof_may_be_computed_from_the_log(run, old, new, folder, policy):
    assert run("consistency", old, new, "--policy", policy, "--log", folder).status == 0
    assert run("consistency", old, new, "--policy", policy, "--log", f"{folder}/").status == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (0, 1),
        (0, 257),
        (1, 2),
        (1, 256),
        (255, 256),
        (256, 257),
        (255, 257),
        (256, 512),
        (512, 600),
        (600, 600),
        (0, 0),
    ],
)
def test_sizes_around_a_tiles_edge(run, tmp_path, policy, first, second):
    log = Log()
    log.append(many_entries(600)[:first])
    log.append(many_entries(600)[first:second])
    folder = log.write(tmp_path / "log")
    (tmp_path / "old").write_bytes(log.checkpoint_bytes(first))
    (tmp_path / "proof").write_text(json.dumps(log.consistency(first, second)))
    given = ["consistency", tmp_path / "old", folder / "checkpoint", "--policy", policy]
    assert run(*given, "--log", folder).status == 0
    assert run(*given, "--proof", tmp_path / "proof").status == 0


def test_the_same_checkpoint_twice_is_the_same_state(run, new, folder, policy):
    answer = run("consistency", new, new, "--policy", policy, "--log", folder)
    assert answer.status == 0
    assert "both checkpoints are of the same 300 entries" in answer.out


def test_an_old_checkpoint_without_its_quorum_is_said_but_no_obstacle(run, log, old, new, proof, policy):
    old.write_bytes(log.checkpoint_bytes(100, witnesses=["ngo"]))
    answer = run("consistency", old, new, "--policy", policy, "--proof", proof)
    assert answer.status == 0
    assert "Beware: the quorum alliance is NOT met." in answer.out.split("The old checkpoint")[1]
    answer = run("consistency", old, new, "--policy", policy, "--proof", proof, "--lang=zh")
    assert "注意：联署要求 alliance 未满足。" in answer.out


def test_a_new_checkpoint_without_its_quorum_is_refused(run, log, old, new, proof, policy):
    new.write_bytes(log.checkpoint_bytes(300, witnesses=["ngo"]))
    answer = run("consistency", old, new, "--policy", policy, "--proof", proof)
    assert answer.status == 1
    assert "has not cosigned the checkpoint of 300: only ngo1" in answer.out


def test_an_old_checkpoint_that_is_larger_is_refused(run, old, new, proof, folder, policy):
    for how in (["--proof", proof], ["--log", folder]):
        answer = run("consistency", new, old, "--policy", policy, *how)
        assert answer.status == 1
        assert "the old checkpoint has 300 entries and the new one 100: are the two swapped?" in answer.out


@pytest.mark.slow
@pytest.mark.parametrize("which", ["old", "new", "proof"])
def test_no_flipped_bit_is_accepted(run, log, old, new, proof, policy, which):
    path = {"old": old, "new": new, "proof": proof}[which]
    text = path.read_bytes()
    signatures = log.checkpoint_bytes(100, witnesses=[])
    for i, data in enumerate(flipped(text)):
        path.write_bytes(data)
        answer = run("consistency", old, new, "--policy", policy, "--proof", proof)
        if which == "old" and answer.status == 0:
            # In a cosigner's name or key id it makes the cosignature an unknown one, which the format passes over.
            assert i >= len(signatures), data
            assert "the quorum alliance is NOT met" in answer.out
        else:
            assert answer.status == 1, data


def test_a_rewritten_log_is_refused_even_with_all_signatures(run, old, log, tmp_path, policy):
    other = Log()
    other.append([entry(number) for number in range(300, 600)])
    folder = other.write(tmp_path / "other")
    answer = run("consistency", old, folder / "checkpoint", "--policy", policy, "--log", folder)
    assert answer.status == 1
    assert "the tree of 300 does not extend the one of 100: something before was changed" in answer.out


def test_two_faces_of_one_size_are_refused(run, new, tmp_path, policy):
    other = Log()
    other.append([entry(number) for number in range(300, 600)])
    folder = other.write(tmp_path / "other")
    answer = run("consistency", new, folder / "checkpoint", "--policy", policy, "--log", folder)
    assert answer.status == 1
    assert "the log shows two faces" in answer.out


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("from", 99, "the proof is about 99 and 300 entries, the checkpoints about 100 and 300"),
        ("to", "300", "the consistency proof has no number to"),
        ("from_root", to_b64(bytes(32)), "other roots than the checkpoints'"),
        ("to_root", to_b64(bytes(32)), "other roots than the checkpoints'"),
        ("proof", [], "the proof is empty|fewer hashes|does not extend"),
        ("proof", {}, "the consistency proof has no list proof"),
        ("proof", [to_b64(bytes(32))] * 70, "63 hashes"),
    ],
)
def test_a_proof_about_something_else_is_refused(run, log, old, new, proof, policy, name, value, words):
    proof.write_text(json.dumps({**log.consistency(100, 300), name: value}))
    answer = run("consistency", old, new, "--policy", policy, "--proof", proof)
    assert answer.status == 1
    assert any(each in answer.out for each in words.split("|"))


def test_a_truncated_proof_is_refused(run, log, old, new, proof, policy):
    told = log.consistency(100, 300)
    proof.write_text(json.dumps({**told, "proof": told["proof"][:-1]}))
    assert run("consistency", old, new, "--policy", policy, "--proof", proof).status == 1
    proof.write_text(json.dumps({**told, "proof": [*told["proof"], told["proof"][0]]}))
    assert run("consistency", old, new, "--policy", policy, "--proof", proof).status == 1


def test_a_log_without_its_tiles_shows_nothing(run, old, new, folder, tmp_path, policy):
    (folder / "tile/0/000").unlink()
    answer = run("consistency", old, new, "--policy", policy, "--log", folder)
    assert answer.status == 1
    assert "tile/0/000 is missing from the log" in answer.out
    answer = run("consistency", old, new, "--policy", policy, "--log", tmp_path / "nowhere")
    assert answer.status == 2
    assert "there is no folder" in answer.err


def test_a_checkpoint_of_another_log_is_refused(run, new, tmp_path, proof, policy):
    other = Log("journal.other.example/2026")
    other.append(many_entries(100))
    (tmp_path / "other").write_bytes(other.checkpoint_bytes())
    assert run("consistency", tmp_path / "other", new, "--policy", policy, "--proof", proof).status == 1
