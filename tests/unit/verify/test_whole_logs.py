"""puhui-verify log."""

import shutil
import sys
from pathlib import Path

import pytest

from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.notes import Note, sign
from tests.support.logs import Log, entry, many_entries
from tests.unit.verify.conftest import flipped


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 513])
def test_a_sound_log_of_any_size_is_proved(run, tmp_path, size):
    log = Log()
    log.append(many_entries(size))
    answer = run("log", log.write(tmp_path / "log"))
    assert answer.status == 0
    number = {0: "no entries", 1: "1 entry"}.get(size, f"{size} entries")
    assert f"Proved: all {number} of the log journal.greenpoints.example/2026 were read" in answer.out
    assert "The quorum alliance is met." in answer.out
    assert ("transfer:" in answer.out) == (size > 0)


@pytest.mark.slow
def test_a_log_of_three_levels_is_proved(run, tmp_path):
    log = Log()
    log.append(many_entries(66_000))
    told = run("log", log.write(tmp_path / "log"), "--json").told
    assert told["proved"] is True
    assert told["entries_by_type"] == {"transfer": 65_340, "erasure": 660}
    assert told["state"]["size"] == 66_000
    assert told["policy_from_the_log"] is True


def test_a_log_is_told_in_chinese(run, folder, policy):
    answer = run("log", folder, "--policy", policy, "--lang", "zh")
    assert answer.status == 0
    assert "已读完存证日志 journal.greenpoints.example/2026 的全部 300 条记录" in answer.out
    assert "  transfer: 300\n" in answer.out
    assert "未核对：编号是否重复" in answer.out
    assert "联署规则取自日志本身" not in answer.out


def test_a_policy_that_the_log_brought_itself_is_pointed_out(run, folder):
    assert "Beware: the policy came from the log itself" in run("log", folder).out


def test_no_flipped_bit_of_a_small_log_is_accepted(run, tmp_path):
    log = Log()
    log.append([entry(0), entry(1)])
    folder = log.write(tmp_path / "log")
    paths = [path for path in folder.rglob("*") if path.is_file()]
    assert len(paths) == 4
    for path in paths:
        data = path.read_bytes()
        for changed in flipped(data):
            path.write_bytes(changed)
            answer = run("log", folder)
            assert answer.status != 0 or path.name == "policy", (path, changed)
        path.write_bytes(data)
    assert run("log", folder).status == 0


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tile/0/000", "entry 0 and its hash in tile/0/000 do not agree"),
        ("tile/0/001.p/44", "entry 256 and its hash in tile/0/001 do not agree"),
        ("tile/1/000.p/1", "tile/1/000 does not follow from the tiles below it"),
        ("tile/entries/001.p/44", "a bundle of entries ends|entry 256|has .* entries"),
    ],
)
def test_a_changed_tile_is_found(run, folder, path, words):
    data = (folder / path).read_bytes()
    (folder / path).write_bytes(bytes([data[0] ^ 1]) + data[1:])
    answer = run("log", folder)
    assert answer.status == 1
    assert any(each in answer.out for each in words.split("|"))


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"]
)
@pytest.mark.parametrize(
    ("language", "words"), [("en", "is missing from the log"), ("zh", "未能证明：日志中缺少 tile/")]
)
def test_a_missing_tile_is_named(run, folder, path, language, words):
    (folder / path).unlink()
    answer = run("log", folder, "--lang", language)
    assert answer.status == 1
    assert words in answer.out


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/000"])
def test_a_shortened_tile_is_found(run, folder, path):
    (folder / path).write_bytes((folder / path).read_bytes()[:-32])
    assert run("log", folder).status == 1


def test_a_partial_tile_may_have_gone_when_there_is_a_full_one(run, folder):
    shutil.rmtree(folder / "tile/0/000.p")
    shutil.rmtree(folder / "tile/entries/000.p")
    assert run("log", folder).status == 0


def test_a_root_that_does_not_follow_is_found_even_with_all_signatures(run, log, folder):
    (folder / "checkpoint").write_bytes(log.checkpoint_bytes(root=bytes(32)))
    answer = run("log", folder)
    assert answer.status == 1
    assert "the 300 entries lead to another root than the checkpoint's" in answer.out


def test_a_checkpoint_that_promises_more_than_there_is_is_found(run, log, folder):
    note = Checkpoint(log.origin, 2**62, bytes(32)).signed(log.signer)
    cosigned = [sign(note, each, 1) for each in log.witnesses.values()]
    (folder / "checkpoint").write_text(str(Note(note.text, (*note.signatures, *cosigned))))
    answer = run("log", folder)
    assert answer.status == 1
    assert " is missing from the log" in answer.out


def test_a_leaf_that_is_no_canonical_json_is_named(run, tmp_path):
    for wrong in (b"{}", b"", entry(3) + b" ", b"\xff"):
        log = Log()
        log.append([entry(0), entry(1), wrong, entry(3)])
        answer = run("log", log.write(tmp_path / wrong.hex()[:8]))
        assert answer.status == 1
        assert "NOT PROVED: entry 2: the leaf is no" in answer.out


def test_a_log_without_checkpoint_or_policy_cannot_be_read(run, folder, policy, tmp_path):
    (folder / "policy").unlink()
    assert "policy" in run("log", folder).err
    assert run("log", folder, "--policy", policy).status == 0
    (folder / "checkpoint").unlink()
    answer = run("log", folder, "--policy", policy, "--lang", "zh")
    assert answer.status == 2
    assert answer.err.startswith("出错：找不到文件 ")
    assert run("log", tmp_path / "nowhere").status == 2


def test_more_types_than_fit_are_counted_together(run, tmp_path):
    log = Log()
    events = [{"id": f"{i}", "type": f"type-{i:03}"} for i in range(103)]
    log.append([entry(i, event=event) for i, event in enumerate(events)])
    answer = run("log", log.write(tmp_path / "log"))
    assert answer.status == 0
    assert "  (other types): 3\n" in answer.out
    assert "type-100" not in answer.out


def test_progress_is_shown_on_a_terminal_only(run, folder, monkeypatch):
    assert run("log", folder).err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "\r256 of 300 entries read\r300 of 300 entries read\r\x1b[K" in run("log", folder).err
    assert "已读取 300 / 300 条记录" in run("log", folder, "--lang", "zh").err


def test_a_log_may_hold_partial_tiles_of_every_size_it_was_published_at(run, tmp_path):
    log = Log()
    for number in range(20):
        log.append([entry(number)])
    folder: Path = log.write(tmp_path / "log")
    for size in range(21):
        (folder / "checkpoint").write_bytes(log.checkpoint_bytes(size))
        assert run("log", folder).status == 0
