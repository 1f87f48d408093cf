"""The bodies of add-checkpoint."""

import pytest

from puhui.tlog import merkle, notes, witnessing
from puhui.tlog.errors import Malformed
from puhui.tlog.witnessing import AddCheckpoint
from tests.support.small_logs import log_of, numbered


def request(old: int, size: int) -> AddCheckpoint:
    """What a log of ``size`` entries says to a witness that saw ``old`` of them."""
    log = log_of(numbered(size))
    return AddCheckpoint(old, tuple(log.tree().consistency_proof(old)), log.checkpoint_bytes(witnesses=[]))


def test_a_body_is_old_size_proof_empty_line_and_checkpoint() -> None:
    asked = request(3, 7)
    old, *proof = bytes(asked).partition(b"\n\n")[0].decode().split("\n")
    assert old == "old 3"
    assert proof == [notes.to_b64(each) for each in asked.proof]
    assert bytes(asked).partition(b"\n\n")[2] == asked.checkpoint


@pytest.mark.parametrize(
    ("old", "size"), [(0, 0), (0, 7), (7, 7), (3, 7), (4, 8), (1, 300), (255, 256), (256, 300)]
)
def test_a_body_is_read_as_it_was_written(old: int, size: int) -> None:
    asked = request(old, size)
    assert witnessing.parse(bytes(asked)) == asked
    assert len(bytes(asked)) < witnessing.BODY_BYTES_MAX


def test_the_first_body_has_no_proof() -> None:
    asked = request(0, 7)
    assert bytes(asked) == b"old 0\n\n" + asked.checkpoint


def test_the_longest_proof_fits() -> None:
    asked = AddCheckpoint(5, (b"x" * 32,) * merkle.PROOF_HASHES_MAX, request(0, 1).checkpoint)
    assert witnessing.parse(bytes(asked)) == asked
    longer = AddCheckpoint(5, (b"x" * 32,) * (merkle.PROOF_HASHES_MAX + 1), asked.checkpoint)
    with pytest.raises(Malformed, match="63"):
        witnessing.parse(bytes(longer))


def _malformed() -> dict[str, bytes]:
    body = bytes(request(3, 7))
    old, first, rest = body.split(b"\n", 2)
    return {
        "nothing": b"",
        "a checkpoint alone": body.partition(b"\n\n")[2],
        "no old size": first + b"\n" + rest,
        "an old size with a leading zero": body.replace(b"old 3", b"old 03"),
        "a negative old size": body.replace(b"old 3", b"old -3"),
        "a number alone": body.replace(b"old 3", b"3"),
        "no number": body.replace(b"old 3", b"old "),
        "two spaces": body.replace(b"old 3", b"old  3"),
        "an old size beyond 2^63": body.replace(b"old 3", b"old %d" % 2**63),
        "a word behind": body.replace(b"old 3", b"old 3 4"),
        "something before": b"\n" + body,
        "a hash that is no base64": old + b"\n" + b"*" * 44 + b"\n" + rest,
        "a hash of 31 bytes": old + b"\n" + notes.to_b64(b"x" * 31).encode() + b"\n" + rest,
        "a hash without padding": old + b"\n" + first[:-1] + b"\n" + rest,
        "CRLF": body.replace(b"\n", b"\r\n"),
        "no ASCII": b"\xff" + body,
        "no empty line": body.replace(b"\n\n", b"\n"),
    }


@pytest.mark.parametrize("what", _malformed())
def test_a_body_with_a_fault_is_malformed(what: str) -> None:
    with pytest.raises(Malformed):
        witnessing.parse(_malformed()[what])
