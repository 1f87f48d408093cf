"""Whatever a file does to the decoder, the process apart makes a reason of it, in bounded time and memory."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from puhui.activities.evidence import pictures, sandbox
from puhui.activities.evidence.sandbox import Sandbox
from tests.support.broken_pictures import broken, whole
from tests.unit.activities.test_pictures_and_risk import photo

REASONS = {"", "FILE_TYPE", "PICTURE_TOO_LARGE"}
SHARE = 20_000  # as many as ``make fuzz`` measures


@pytest.fixture(scope="module")
def room() -> Iterator[Sandbox]:
    room = Sandbox()
    yield room
    room.close()


def worker_of(room: Sandbox) -> int:
    assert room._worker is not None
    return room._worker.pid


def test_the_process_apart_sees_what_we_see(room: Sandbox):
    for data in (photo(1), photo(1, "PNG"), b"", b"%PDF-1.7"):
        assert room.look(data) == pictures.look(data)


def test_a_picture_broken_by_chance_is_read_or_refused_with_a_reason(room: Sandbox):
    assert [room.look(data).reason_code for data in whole()].count("FILE_TYPE") == 4  # WebP, BMP, TIFF, HEIC
    pid = worker_of(room)
    for seed in range(SHARE):
        assert room.look(broken(seed)).reason_code in REASONS
    assert worker_of(room) == pid  # none of them took the process with it


def test_a_decoder_that_takes_its_process_with_it_is_a_reason_and_the_next_picture_is_seen(
    monkeypatch: pytest.MonkeyPatch,
):
    room = Sandbox()
    room.look(photo(1))
    given = sandbox._send

    def deadly(worker: object, data: bytes) -> object:
        done = given(worker, data)  # type: ignore[arg-type]
        os.kill(worker_of(room), signal.SIGKILL)
        return done

    os.kill(worker_of(room), signal.SIGSTOP)
    monkeypatch.setattr(sandbox, "_send", deadly)
    found = room.look(photo(2))
    monkeypatch.undo()
    assert (found.content_type, found.reason_code) == ("", "FILE_TYPE")
    assert room.look(photo(2)) == pictures.look(photo(2))
    room.close()


def test_a_process_that_was_lost_while_it_waited_is_replaced():
    room = Sandbox()
    room.look(photo(1))
    assert room._worker is not None
    room._worker.kill()
    room._worker.wait()
    assert room.look(photo(1)) == pictures.look(photo(1))
    room.close()


def test_a_picture_that_takes_too_long_is_too_large():
    room = Sandbox(seconds_max=0.3)
    room.look(b"")
    os.kill(worker_of(room), signal.SIGSTOP)
    began = time.monotonic()
    assert room.look(b"slow").reason_code == "PICTURE_TOO_LARGE"
    assert time.monotonic() - began < 5
    assert room._worker is None


def test_the_process_apart_has_no_credentials(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "known to the function only")
    room = Sandbox()
    room.look(b"")
    environment = Path(f"/proc/{worker_of(room)}/environ")
    if environment.exists():
        assert b"AWS_" not in environment.read_bytes()
    room.close()


def test_a_process_that_cannot_start_is_no_verdict_on_the_picture(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError):
        Sandbox().look(photo(1))
