"""What a killed start leaves behind is ended by the next one, and nobody else is."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.local.__main__ import _reset
from infra.local.cloud import LocalCloud
from infra.local.emulator import Emulator
from infra.local.processes import Processes, said_of, write_whole
from infra.local.settings import HOST, CannotStart, Settings
from infra.local.state import State
from infra.local.witnesses import NAMES, Witnesses
from puhui.tlog.notes import ED25519, LocalSigner

SLEEP = "import sys, time; time.sleep(300)"
# Starts another process and says its number.
PARENT = "import subprocess, sys, time; print(subprocess.Popen([sys.executable, '-c', sys.argv[1], sys.argv[2]]).pid, flush=True); time.sleep(300)"


def gone(pid: int) -> bool:
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return not shown.strip() or shown.startswith("Z")


def until(look: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def ours(tmp_path: Path) -> Processes:
    return Processes(tmp_path)


def test_an_orphan_is_ended_with_all_that_it_has_started(ours: Processes, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, SLEEP, str(tmp_path)]
    process = ours.start("emulator", command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    assert Processes(tmp_path).end_orphans() == {"emulator": True}
    assert process.wait(10) == -signal.SIGKILL
    until(lambda: gone(child))
    assert Processes(tmp_path).end_orphans() == {}


def test_the_children_of_an_orphan_that_is_gone_are_ended(ours: Processes, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, SLEEP, str(tmp_path)]
    process = ours.start("emulator", command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    assert ours.end_orphans() == {"emulator": True}
    until(lambda: gone(child))


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_stranger_that_has_got_the_number_since_lives(
    ours: Processes, tmp_path: Path, seconds: int
) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP, str(tmp_path)], start_new_session=True)
    try:
        (tmp_path / "processes").mkdir()
        ours.record("sam").write_text(json.dumps({"pid": stranger.pid, "started": time.time() + seconds}))
        assert ours.end_orphans() == {"sam": False}
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stranger_that_does_not_name_the_folder_lives(ours: Processes, tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    try:
        (tmp_path / "processes").mkdir()
        ours.record("sam").write_text(json.dumps({"pid": stranger.pid, "started": time.time()}))
        assert ours.end_orphans() == {"sam": False}
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_what_was_found_is_said() -> None:
    assert "now ended: emulator, sam." in said_of({"emulator": True, "sam": True, "witness-ngo": False})
    assert "nothing running" in said_of({"emulator": False})


def test_what_runs_to_its_end_leaves_no_record(ours: Processes) -> None:
    assert ours.run("sam", [sys.executable, "-c", "raise SystemExit(3)"]) == 3
    assert not ours.record("sam").exists()


def test_what_has_lost_what_it_needs_is_ended(ours: Processes) -> None:
    assert ours.run("sam", [sys.executable, "-c", SLEEP], needs=iter([True, False]).__next__) is None
    assert not ours.record("sam").exists()


def test_an_emulator_ends_with_whoever_started_it(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    starter = (
        "import sys, time; from pathlib import Path; from infra.local.emulator import Emulator;"
        "folder = Path(sys.argv[1]); Emulator(folder, folder / 'log').start(); print('up', flush=True); time.sleep(300)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        pid = json.loads(Processes(tmp_path).record("emulator").read_text())["pid"]
        run.kill()
    until(lambda: gone(pid))
    again = Emulator(tmp_path, tmp_path / "log")
    again.start()
    again.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "logs").mkdir()
    return Settings(1, tmp_path)


def test_a_witness_that_is_killed_comes_back_with_what_it_has_seen(settings: Settings) -> None:
    log = LocalSigner("journal.test", ED25519, os.urandom(32))
    alliance = Witnesses(settings, log.key)
    try:
        assert alliance.start() == list(NAMES)
        assert alliance.start() == []
        before = alliance.policy("http://x"), dict(alliance.bases)
        pid = json.loads(Processes(settings.state).record("witness-ngo").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: alliance.start() == ["ngo"])
        assert alliance.policy("http://x") == before[0]
        assert alliance.bases["enterprise"] == before[1]["enterprise"]
        assert alliance.bases["ngo"].startswith(f"http://{HOST}:")
    finally:
        alliance.stop()


def test_a_witness_whose_making_was_killed_is_made_again(settings: Settings) -> None:
    half = settings.state / "witnesses" / ".ngo.new"
    half.mkdir(parents=True)
    (half / "seed").write_bytes(b"half")
    policy = Witnesses(settings, LocalSigner("journal.test", ED25519, os.urandom(32)).key).policy("http://x")
    assert "witness.puhui.local/ngo" in policy


def test_a_file_is_put_in_place_whole_whatever_a_kill_has_left(tmp_path: Path) -> None:
    (tmp_path / ".parameters.json.new").write_text("{")
    write_whole(tmp_path / "parameters.json", "{}", 0o600)
    assert (tmp_path / "parameters.json").read_text() == "{}"
    assert (tmp_path / "parameters.json").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["parameters.json"]


@pytest.mark.parametrize(
    "left", [["lock"], ["lock", ".version.new"], ["lock", "version"], ["lock", "version", "aws/x"]]
)
def test_a_folder_that_a_killed_start_or_reset_has_left_can_be_forgotten(
    tmp_path: Path, left: list[str]
) -> None:
    folder = tmp_path / "state"
    for name in left:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    _reset(Settings(1, folder), Console(quiet=True))
    assert not folder.exists()


def test_a_reset_ends_what_still_runs_in_the_folder(tmp_path: Path) -> None:
    State(Settings(1, tmp_path)).open()
    process = Processes(tmp_path).start("emulator", [sys.executable, "-c", SLEEP, str(tmp_path)])
    _reset(Settings(1, tmp_path), Console(quiet=True))
    assert process.wait(10) == -signal.SIGKILL
    assert not tmp_path.exists()


def test_without_its_emulator_a_running_cloud_says_where_to_look(settings: Settings) -> None:
    cloud = LocalCloud(settings, Console(quiet=True))
    (settings.state / "tmp").mkdir()
    cloud._emulator = Emulator(settings.state, settings.logs / "emulator.log")
    with pytest.raises(CannotStart, match=r"emulator.log. Start again: what was acknowledged is kept"):
        cloud.mend()


@pytest.mark.parametrize("broken", ["aws/kept.sqlite", "parameters.json", "witnesses/ngo/vkey"])
def test_what_cannot_come_back_names_the_one_command_that_helps(settings: Settings, broken: str) -> None:
    (settings.state / "tmp").mkdir()
    alliance = Witnesses(settings, LocalSigner("journal.test", ED25519, os.urandom(32)).key)
    alliance.policy("http://x")
    (settings.state / broken).parent.mkdir(exist_ok=True)
    (settings.state / broken).write_text("no more" * 1000)
    starts: dict[str, Callable[[], Any]] = {
        "aws/kept.sqlite": Emulator(settings.state, settings.logs / "emulator.log").start,
        "parameters.json": State(settings).parameters,
        "witnesses/ngo/vkey": alliance.start,
    }
    with pytest.raises(CannotStart, match="make reset"):
        starts[broken]()
    alliance.stop()
