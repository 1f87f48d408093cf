"""Every answer of a running witness, over HTTP."""

import http.client
import os
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from puhui.tlog import checkpoints
from puhui.tlog.notes import Key, Note, Signature
from puhui.tlog.witnessing import BODY_BYTES_MAX, AddCheckpoint
from puhui.witness import state
from puhui.witness.server import Witness, WitnessServer
from puhui.witness.state import State
from tests.unit.witness.samples import NAME, ORIGIN, Log, added, cosigned_at, sent

NOW = 1_800_000_000
TEXT = "text/plain; charset=utf-8"
LOG, OTHER_FACE = Log(), Log(world="other ")
LATEST = f"/{state.hash_of(ORIGIN)}/checkpoint"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    state.create(tmp_path / "witness", NAME)
    State(tmp_path / "witness").add_log(LOG.key)
    return tmp_path / "witness"


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    """A witness that serves, at a fixed time."""
    server = WitnessServer(Witness(State(folder), lambda: NOW))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.url
    server.stop()
    thread.join()


@pytest.fixture
def witness(folder: Path) -> Key:
    return State(folder).signer.key


def test_a_cosignature_verifies_by_a_policy(url: str, witness: Key):
    for old, size in ((0, 3), (3, 300), (300, 300)):
        reply = added(url, LOG.request(old, size))
        assert (reply.status, reply.kind) == (200, TEXT)
        assert re.fullmatch(f"— {NAME} [A-Za-z0-9+/=]+\n", reply.body.decode())
        assert cosigned_at(witness, LOG.key, LOG.note(size), reply) == NOW


def test_the_latest_checkpoint_is_served_with_both_signatures(url: str, witness: Key):
    for old, size in ((0, 3), (3, 7)):
        line = added(url, LOG.request(old, size)).body
        reply = sent(url, "GET", LATEST)
        assert (reply.status, reply.kind) == (200, TEXT)
        checkpoint, note = checkpoints.opened(reply.body, LOG.key)
        assert checkpoint == LOG.at(size)
        assert note.signed_by([LOG.key, witness]) == {LOG.key: 0, witness: NOW}
        assert reply.body == str(LOG.note(size)).encode() + line


def test_a_log_that_was_never_cosigned_has_no_latest_checkpoint(url: str):
    assert sent(url, "GET", LATEST).status == 404
    assert sent(url, "GET", f"/{'0' * 64}/checkpoint").status == 404


def test_another_size_than_the_last_is_a_conflict_that_tells_the_last(url: str):
    assert added(url, LOG.request(0, 3)).status == 200
    for request in (LOG.request(0, 7), LOG.request(2, 7), LOG.request(5, 7), LOG.request(0, 2)):
        reply = added(url, request)
        assert (reply.status, reply.kind, reply.body) == (409, "text/x.tlog.size", b"3\n")


def test_before_the_first_checkpoint_the_last_size_is_zero(url: str):
    reply = added(url, LOG.request(2, 7))
    assert (reply.status, reply.kind, reply.body) == (409, "text/x.tlog.size", b"0\n")


def test_an_unknown_origin_is_not_found(url: str):
    assert added(url, Log("journal.other.example/2026").request(0, 3)).status == 404


def test_an_unsigned_checkpoint_is_forbidden(url: str):
    note = Note(LOG.at(3).text, (Signature("stranger.example", b"1234", b"grease"),))
    assert added(url, AddCheckpoint(0, (), str(note).encode())).status == 403


def test_an_old_size_above_the_checkpoints_is_malformed(url: str):
    assert added(url, AddCheckpoint(4, (), str(LOG.note(3)).encode())).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 0\n\n",
        b"old 00\n\n" + str(LOG.note(3)).encode(),
        b"old -1\n\n" + str(LOG.note(3)).encode(),
        b"old  0\n\n" + str(LOG.note(3)).encode(),
        b"old 0\r\n\r\n" + str(LOG.note(3)).encode(),
        b"size 0\n\n" + str(LOG.note(3)).encode(),
        b"old 0\nAAAA\n\n" + str(LOG.note(3)).encode(),
        b"old 3\n"
        + b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 64
        + b"\n"
        + str(LOG.note(7)).encode(),
        b"old 0\n\n\xff\xfe" + str(LOG.note(3)).encode(),
        b"old 0\n\n" + LOG.at(3).text.encode(),
    ],
)
def test_a_malformed_request_is_told_so_in_two_languages(url: str, body: bytes):
    reply = sent(url, "POST", "/add-checkpoint", body)
    assert (reply.status, reply.kind) == (400, TEXT)
    assert "malformed request 请求格式有误" in reply.body.decode()


def test_a_bad_proof_is_refused_and_the_state_stays(url: str):
    assert added(url, LOG.request(0, 3)).status == 200
    assert added(url, AddCheckpoint(3, (), str(LOG.note(7)).encode())).status == 422
    assert added(url, OTHER_FACE.request(3, 7)).status == 422
    assert added(url, LOG.request(3, 7)).status == 200


def test_a_split_view_is_refused_and_kept_as_evidence(url: str, folder: Path):
    assert added(url, LOG.request(0, 3)).status == 200
    assert added(url, OTHER_FACE.request(3, 3)).status == 422
    assert [each.name for each in (folder / "logs").glob("*/evidence/*")] == [f"{NOW}-3.json"]
    assert checkpoints.opened(sent(url, "GET", LATEST).body, LOG.key)[0] == LOG.at(3)


def test_greased_signatures_are_accepted_and_not_served_on(url: str, witness: Key):
    note = LOG.note(3)
    grease = tuple(Signature(f"w{i}.example", bytes([i] * 4), os.urandom(2424)) for i in range(15))
    grease += (Signature(LOG.key.name, b"\xff\xff\xff\xff", os.urandom(64)),)
    greased = Note(note.text, (*grease[:9], *note.signatures, *grease[9:]))
    reply = added(url, AddCheckpoint(0, (), str(greased).encode()))
    assert cosigned_at(witness, LOG.key, greased, reply) == NOW
    assert sent(url, "GET", LATEST).body == str(note).encode() + reply.body


def test_the_witnesses_own_older_or_forged_line_does_no_harm(url: str, witness: Key):
    first = added(url, LOG.request(0, 3)).body.decode()
    for line in (first, str(Signature(witness.name, witness.id, bytes(72)))):
        sent_note = (str(LOG.note(3)) + line).encode()
        reply = added(url, AddCheckpoint(3, (), sent_note))
        assert cosigned_at(witness, LOG.key, LOG.note(3), reply) == NOW


def test_the_cosignature_covers_lines_of_extension(url: str, witness: Key):
    extended = LOG.note(3, "extension one\n扩展\n")
    reply = added(url, AddCheckpoint(0, (), str(extended).encode()))
    assert cosigned_at(witness, LOG.key, extended, reply) == NOW
    assert sent(url, "GET", LATEST).body == str(extended).encode() + reply.body
    with pytest.raises(ValueError, match="wrong"):
        cosigned_at(witness, LOG.key, LOG.note(3), reply)


def test_a_body_of_the_largest_size_is_read_and_a_larger_one_is_not(url: str):
    largest = bytes(LOG.request(0, 3)).ljust(BODY_BYTES_MAX, b"x")
    assert sent(url, "POST", "/add-checkpoint", largest).status == 400
    for more in (1, BODY_BYTES_MAX):
        reply = sent(url, "POST", "/add-checkpoint", largest + b"x" * more)
        assert reply.status == 413
        assert "请求体过大" in reply.body.decode()


def test_an_enormous_body_is_refused_before_it_is_sent(url: str):
    reply = sent(url, "POST", "/add-checkpoint", b"", **{"Content-Length": str(10**12)})
    assert reply.status == 413


def test_a_client_that_still_sends_gets_its_answer(url: str):
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=30) as connection:
        connection.sendall(
            f"POST / HTTP/1.1\r\nHost: w\r\nContent-Length: {10**6}\r\n\r\n0123456789".encode()
        )
        with connection.makefile("rb") as answer:
            assert b" 413 " in answer.readline()
            assert answer.read().endswith("请求体过大\n".encode())  # and that is the end: it says no more
        for _ in range(3):
            connection.sendall(b"x" * 10_000)  # but it listens still


def test_a_body_without_a_length_is_refused(url: str):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("POST", "/add-checkpoint", iter([b"old 0\n\n"]), encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (411, "close")
    answer.read()
    connection.close()


@pytest.mark.parametrize("length", ["-1", "+5", "five", "0x10", "9" * 30])
def test_a_length_that_makes_no_sense_is_malformed(url: str, length: str):
    assert sent(url, "POST", "/add-checkpoint", b"", **{"Content-Length": length}).status == 400


def test_a_body_that_is_cut_short_is_malformed_even_where_it_would_make_sense(url: str):
    assert raw(url, b"Content-Length: 500\r\n\r\n" + bytes(LOG.request(0, 3))) == [400]


def test_what_follows_a_refused_body_is_never_taken_for_a_request(url: str):
    body = bytes(LOG.request(0, 3))
    hidden = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    assert raw(url, b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + hidden) == [411]
    assert raw(url, b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n" + hidden) == [400]
    assert raw(url, b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden, "GET", "/health") == [200]
    assert sent(url, "GET", LATEST).status == 404


def raw(url: str, rest: bytes, method: str = "POST", path: str = "/add-checkpoint") -> list[int]:
    """The statuses that come back for these bytes after a request line."""
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=30) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: w\r\n".encode() + rest)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return [int(each) for each in re.findall(rb"HTTP/1.1 (\d+) ", received)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("GET", "/add-checkpoint", 405),
        ("POST", "/health", 405),
        ("POST", LATEST, 405),
        ("GET", LATEST.upper(), 404),
        ("GET", f"/{state.hash_of(ORIGIN)}/vkey", 404),
        ("GET", "/../seed", 404),
        ("GET", "/%2e%2e/checkpoint", 404),
        ("PUT", "/add-checkpoint", 501),
    ],
)
def test_other_paths_and_methods(url: str, method: str, path: str, status: int):
    assert sent(url, method, path).status == status


def test_one_connection_serves_many_requests(url: str):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    statuses = []
    for old, size in ((0, 3), (0, 7), (3, 7), (7, 7)):
        connection.request("POST", "/add-checkpoint", bytes(LOG.request(old, size)))
        kept_open = connection.sock
        answer = connection.getresponse()
        statuses.append(answer.status)
        answer.read()
        assert connection.sock is kept_open
    connection.close()
    assert statuses == [200, 409, 200, 200]


def test_a_damaged_state_is_an_error_that_tells_strangers_nothing(url: str, folder: Path):
    assert added(url, LOG.request(0, 3)).status == 200
    (folder / LATEST.replace("/", "logs/", 1)).write_bytes(b"damaged")
    for reply in (added(url, LOG.request(3, 7)), added(url, LOG.request(0, 7)), sent(url, "GET", LATEST)):
        assert reply.status == 500
        assert str(folder) not in reply.body.decode()


def test_a_line_of_the_log_tells_status_origin_and_size(url: str, capfd: pytest.CaptureFixture[str]):
    added(url, LOG.request(0, 3))
    added(url, OTHER_FACE.request(0, 3))
    added(url, Log("journal.\u009b31m.example").request(0, 3))
    sent(url, "GET", "/secret-path?token=abc")
    lines = [line.partition(" ")[2] for line in capfd.readouterr().err.splitlines()]
    assert lines == [
        f'200 "{ORIGIN}" 3',
        f'409 "{ORIGIN}" 3 split-view: {NOW}-3.json',
        '404 "journal.\\u009b31m.example" -',
        "404 - -",
    ]


def test_fifty_threads_with_two_faces_get_cosignatures_of_one_only(url: str, witness: Key):
    assert added(url, LOG.request(0, 3)).status == 200
    first = [b"0", b"1", b"2"]
    faces = [Log(first=first, world="a"), Log(first=first, world="b")]
    requests = [face.request(3, 7) for face in faces]  # each a sound step
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda number: added(url, requests[number % 2]), range(50)))
    assert Counter(reply.status for reply in replies) == Counter({200: 1, 409: 49})
    (winner,) = (number for number, reply in enumerate(replies) if reply.status == 200)
    assert cosigned_at(witness, LOG.key, faces[winner % 2].note(7), replies[winner]) == NOW
    assert checkpoints.opened(sent(url, "GET", LATEST).body, LOG.key)[0] == faces[winner % 2].at(7)


def test_fifty_threads_with_fifty_steps_never_roll_back(url: str):
    requests = [LOG.request(0, size) for size in range(1, 51)]  # made here: the log itself is not for threads

    def bring(size: int) -> list[int]:
        reply = added(url, requests[size - 1])
        return [reply.status, int(reply.body) if reply.status == 409 else size]

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(bring, range(1, 51)))
    won = [size for status, size in answers if status == 200]
    assert len(won) == 1
    assert {size for status, size in answers if status == 409} == set(won)
    assert checkpoints.opened(sent(url, "GET", LATEST).body, LOG.key)[0] == LOG.at(won[0])
