"""Checkpoints: one way of writing each, and the log's own signature on them."""

import pytest

from puhui.tlog import checkpoints, notes
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import EMPTY_ROOT
from puhui.tlog.notes import Note, Signature
from tests.support.logs import ORIGIN, Log, signer
from tests.support.small_logs import NAMES, log_of, policy_of

ROOT = notes.to_b64(bytes(range(32)))


def test_a_checkpoint_is_three_lines() -> None:
    checkpoint = Checkpoint(ORIGIN, 1234, bytes(range(32)))
    assert checkpoint.text == f"{ORIGIN}\n1234\n{ROOT}\n"
    assert checkpoints.parse_text(checkpoint.text) == checkpoint


def test_extension_lines_are_read_over_and_signed() -> None:
    text = f"{ORIGIN}\n7\n{ROOT}\nsome extension\nanother\n"
    note = Note(text, (notes.sign(Note(text), signer(ORIGIN)),))
    checkpoint, opened = checkpoints.opened(str(note).encode(), signer(ORIGIN).key)
    assert checkpoint == Checkpoint(ORIGIN, 7, bytes(range(32)))
    assert opened.text == text
    without = Note(checkpoint.text, note.signatures)
    with pytest.raises(NotProved):
        checkpoints.opened(str(without).encode(), signer(ORIGIN).key)


def _malformed() -> dict[str, str]:
    loose = ROOT[:-2] + "9="  # the same bytes, other unused bits
    return {
        "nothing": "",
        "two lines": f"{ORIGIN}\n7\n",
        "no origin": f"\n7\n{ROOT}\n",
        "no newline at the end": f"{ORIGIN}\n7\n{ROOT}",
        "an empty extension line": f"{ORIGIN}\n7\n{ROOT}\n\n",
        "an empty line before an extension": f"{ORIGIN}\n7\n{ROOT}\n\nmore\n",
        "no size": f"{ORIGIN}\n\n{ROOT}\n",
        "a leading zero": f"{ORIGIN}\n07\n{ROOT}\n",
        "two zeros": f"{ORIGIN}\n00\n{ROOT}\n",
        "a sign": f"{ORIGIN}\n+7\n{ROOT}\n",
        "a negative size": f"{ORIGIN}\n-7\n{ROOT}\n",
        "a hexadecimal size": f"{ORIGIN}\n0x7\n{ROOT}\n",
        "a fraction": f"{ORIGIN}\n7.0\n{ROOT}\n",
        "an underscore": f"{ORIGIN}\n1_000\n{ROOT}\n",
        "a space": f"{ORIGIN}\n 7\n{ROOT}\n",
        "other digits": f"{ORIGIN}\n٧\n{ROOT}\n",
        "2^63": f"{ORIGIN}\n{2**63}\n{ROOT}\n",
        "a size that never ends": f"{ORIGIN}\n{'9' * 10_000}\n{ROOT}\n",
        "CRLF": f"{ORIGIN}\r\n7\r\n{ROOT}\r\n",
        "no base64": f"{ORIGIN}\n7\n{'*' * 44}\n",
        "base64 without padding": f"{ORIGIN}\n7\n{ROOT[:-1]}\n",
        "base64 with other unused bits": f"{ORIGIN}\n7\n{loose}\n",
        "a root of 31 bytes": f"{ORIGIN}\n7\n{notes.to_b64(b'x' * 31)}\n",
        "a root of 33 bytes": f"{ORIGIN}\n7\n{notes.to_b64(b'x' * 33)}\n",
        "an empty tree with another root": f"{ORIGIN}\n0\n{ROOT}\n",
    }


@pytest.mark.parametrize("what", _malformed())
def test_a_checkpoint_with_a_fault_is_malformed(what: str) -> None:
    with pytest.raises(Malformed):
        checkpoints.parse_text(_malformed()[what])


def test_the_empty_log_has_a_checkpoint_too() -> None:
    log = Log()
    checkpoint, _ = checkpoints.opened(log.checkpoint_bytes(), log.signer.key)
    assert checkpoint == Checkpoint(ORIGIN, 0, EMPTY_ROOT)


def test_the_largest_size_is_one_below_2_to_the_63() -> None:
    assert checkpoints.parse_size(str(2**63 - 1)) == checkpoints.SIZE_MAX
    with pytest.raises(Malformed, match="2\\^63"):
        checkpoints.parse_size(str(2**63))


def test_a_checkpoint_without_the_logs_signature_is_not_proved() -> None:
    log = log_of([b"a", b"b"])
    text, lines_of_all = log.checkpoint().text, log.checkpoint().signatures
    for lines in [lines_of_all[1:], (Signature(ORIGIN, b"\x00" * 4, b"x" * 64),)]:
        with pytest.raises(NotProved, match="own signature"):
            checkpoints.opened(str(Note(text, lines)).encode(), log.signer.key)


def test_greased_checkpoints_are_opened() -> None:
    log = log_of([b"a", b"b"])
    grease = (Signature(ORIGIN, b"\x00" * 4, b"x" * 64), Signature("grease.example", b"\x01" * 4, b"y" * 9))
    honest = log.checkpoint()
    note = Note(honest.text, (grease[0], *honest.signatures, grease[1]))
    checkpoint, opened = checkpoints.opened(str(note).encode(), log.signer.key)
    assert checkpoint == Checkpoint(ORIGIN, 2, log.edge.root)
    assert tuple(policy_of(log).cosigned_by(opened)) == NAMES


def test_another_logs_checkpoint_signed_by_this_logs_key_is_refused() -> None:
    log = log_of([b"a"])
    other = Checkpoint("journal.example/2027", 1, log.edge.root).signed(log.signer)
    with pytest.raises(NotProved, match=r"journal\.example/2027"):
        checkpoints.opened(str(other).encode(), log.signer.key)


def test_another_logs_key_does_not_open_it() -> None:
    log = log_of([b"a"])
    with pytest.raises(NotProved, match="own signature"):
        checkpoints.opened(log.checkpoint_bytes(), signer("journal.example/2027").key)
