"""The witness as its operator runs it: the command line, restarts, and two processes on one folder."""

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from puhui.tlog import checkpoints
from puhui.tlog.notes import COSIGNATURE, Key
from puhui.tlog.witnessing import AddCheckpoint
from puhui.witness import state
from puhui.witness.state import State
from tests.unit.witness.samples import NAME, ORIGIN, Log, Reply, added, command, cosigned_at, running, sent

LOG, OTHER_FACE = Log(), Log(world="other ")
LATEST = f"/{state.hash_of(ORIGIN)}/checkpoint"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state.create(tmp_path / "witness", NAME)
    State(tmp_path / "witness").add_log(LOG.key)
    return tmp_path / "witness"


def test_the_operators_story(tmp_path: Path):
    folder = tmp_path / "witness"
    made = command("init", "--state", folder, "--name", NAME)
    key = Key.parse(made.stdout.strip())
    assert (made.returncode, key.name, key.kind) == (0, NAME, COSIGNATURE)
    assert (folder / "seed").stat().st_mode & 0o777 == 0o600
    again = command("init", "--state", folder, "--name", NAME)
    assert (again.returncode, again.stdout) == (1, "")
    assert "已有密钥" in again.stderr
    assert command("key", "--state", folder).stdout == made.stdout
    for word in ("remembered", "known already"):
        log = command("add-log", "--state", folder, "--key", str(LOG.key))
        assert (log.returncode, log.stdout) == (0, f"{LATEST}\n")
        assert word in log.stderr
    with running(folder) as (url, _):
        assert cosigned_at(key, LOG.key, LOG.note(3), added(url, LOG.request(0, 3))) > 1_700_000_000


def test_what_makes_no_sense_is_refused_with_a_sentence(tmp_path: Path):
    for arguments in (
        ("key", "--state", tmp_path),
        ("serve", "--state", tmp_path, "--port", "0"),
        ("init", "--state", tmp_path / "w", "--name", "a b"),
    ):
        done = command(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("not done 未完成: ")
        assert "Traceback" not in done.stderr
    command("init", "--state", tmp_path / "w", "--name", NAME)
    for key in ("nonsense", command("key", "--state", tmp_path / "w").stdout.strip()):
        assert command("add-log", "--state", tmp_path / "w", "--key", key).returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_well_and_a_restart_knows_the_state(folder: Path, number: signal.Signals):
    with running(folder) as (url, process):
        assert added(url, LOG.request(0, 3)).status == 200
        latest = sent(url, "GET", LATEST).body
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr
        log = process.stderr.read()
    assert [line.partition(" ")[2] for line in log.splitlines()] == [f'200 "{ORIGIN}" 3'] * 2
    with running(folder) as (url, _):
        assert sent(url, "GET", LATEST).body == latest
        assert added(url, OTHER_FACE.request(0, 3)).body == b"3\n"
        assert added(url, OTHER_FACE.request(3, 3)).status == 422
        assert added(url, LOG.request(3, 7)).status == 200


def test_told_to_stop_in_the_middle_of_a_request_it_answers_first(folder: Path):
    body = bytes(LOG.request(0, 3))
    head = f"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    with running(folder) as (url, process):
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=30) as connection:
            answer = connection.makefile("rb")
            connection.sendall(head.encode())
            assert answer.readline().split()[1] == b"100"
            connection.sendall(body[:10])
            process.send_signal(signal.SIGTERM)
            while listens(url):
                time.sleep(0.01)
            connection.sendall(body[10:])
            assert b"HTTP/1.1 200 OK\r\n" in [answer.readline() for _ in range(2)]
            answer.close()
        assert process.wait(30) == 0


def listens(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=1).close()
    except OSError:
        return False
    return True


def test_killed_without_warning_it_has_forgotten_nothing_it_signed(folder: Path):
    signed = 0
    for _ in range(3):
        with running(folder) as (url, process):
            killer = threading.Timer(0.05, process.kill)
            killer.start()
            try:
                while True:
                    reply = added(url, LOG.request(signed, signed + 1))
                    signed = signed + 1 if reply.status == 200 else int(reply.body)
            except (OSError, HTTPException):
                pass  # the connection broke
            killer.join()
        with running(folder) as (url, _):
            latest = sent(url, "GET", LATEST)
            size = checkpoints.opened(latest.body, LOG.key)[0].size if latest.status == 200 else 0
        assert size in (signed, signed + 1)  # persisted and perhaps not answered
        signed = size


def test_two_processes_on_one_folder_never_cosign_two_faces_of_one_size(folder: Path):
    own, rounds = State(folder).signer.key, 12
    entries: list[bytes] = []
    with running(folder) as (one, _), running(folder) as (other, _), ThreadPoolExecutor(8) as pool:
        for size in range(1, rounds + 1):
            # The faces differ in the last entry only, so that each is a sound step from what was cosigned.
            last = [f"{face} {size}".encode() for face in ("a", "b")]
            faces = [Log(first=[*entries, each]) for each in last]
            requests = [face.request(size - 1, size) for face in faces]
            barrier = threading.Barrier(8)

            def race(
                number: int, requests: list[AddCheckpoint] = requests, start: threading.Barrier = barrier
            ) -> Reply:
                start.wait(30)
                return added((one, other)[number % 2], requests[number // 2 % 2])

            replies = list(pool.map(race, range(8)))
            assert sorted(reply.status for reply in replies) == [200, *[409] * 7]
            (winner,) = (number for number, reply in enumerate(replies) if reply.status == 200)
            face = winner // 2 % 2
            assert cosigned_at(own, LOG.key, faces[face].note(size), replies[winner])
            for url in (one, other):
                assert checkpoints.opened(sent(url, "GET", LATEST).body, LOG.key)[0] == faces[face].at(size)
            entries.append(last[face])
    evidence = (folder / "logs" / state.hash_of(ORIGIN) / "evidence").iterdir()
    assert sorted(int(each.stem.split("-")[1]) for each in evidence) == list(range(1, rounds + 1))
