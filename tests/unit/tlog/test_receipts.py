"""Receipts: what is read is what was written, and only the true one proves."""

from dataclasses import replace

import pytest

from puhui.tlog import notes, receipts
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.merkle import leaf_hash
from puhui.tlog.notes import Note
from puhui.tlog.receipts import Receipt
from tests.support.logs import COSIGNED_AT, ORIGIN, Log
from tests.support.small_logs import log_of, numbered, policy_of


@pytest.fixture(scope="module")
def log() -> Log:
    """A log of 300 entries."""
    return log_of(numbered(300))


@pytest.fixture
def text(log: Log) -> str:
    """The receipt for entry 77, as it is handed out."""
    return str(log.receipt(77))


def test_a_receipt_has_the_form_of_the_specification(log: Log, text: str) -> None:
    lines = text.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 77"]
    assert lines[2:11] == [notes.to_b64(each) for each in log.tree().inclusion_proof(77)]
    assert lines[11] == ""
    assert "\n".join(lines[12:]) == str(log.checkpoint())


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257])
def test_each_entry_has_a_receipt_that_is_read_as_it_was_written(size: int) -> None:
    log = log_of(numbered(size))
    for index in {0, size // 2, size - 1}:
        receipt = log.receipt(index)
        assert receipts.parse(str(receipt).encode()) == receipt
        proved = receipts.check(receipt, leaf_hash(log.entries[index]), policy_of(log))
        assert proved.checkpoint == Checkpoint(ORIGIN, size, log.edge.root)
        assert proved.cosigned == {
            "enterprise1": COSIGNED_AT,
            "government1": COSIGNED_AT + 10,
            "ngo1": COSIGNED_AT + 20,
        }


def test_an_extra_line_is_read_over(log: Log, text: str) -> None:
    head, _, rest = text.partition("\n")
    assert receipts.parse(f"{head}\nextra QUJD\n{rest}".encode()) == log.receipt(77)


def _malformed(text: str) -> dict[str, str]:
    lines = text.split("\n")
    head, rest = lines[0], lines[1:]
    return {
        "nothing": "",
        "another version": text.replace("@v1", "@v2"),
        "something before": "\n" + text,
        "no header": "\n".join(rest),
        "no index": "\n".join([head, *rest[1:]]),
        "an index with a leading zero": text.replace("index 77", "index 077"),
        "an index with a sign": text.replace("index 77", "index +77"),
        "no number": text.replace("index 77", "index "),
        "two spaces": text.replace("index 77", "index  77"),
        "a capital": text.replace("index 77", "Index 77"),
        "an index beyond 2^63": text.replace("index 77", f"index {2**63}"),
        "extra after the index": "\n".join([head, rest[0], "extra QUJD", *rest[1:]]),
        "two extra lines": "\n".join([head, "extra QUJD", "extra QUJD", *rest]),
        "extra without base64": "\n".join([head, "extra *", *rest]),
        "a hash of 31 bytes": text.replace(rest[1], notes.to_b64(b"x" * 31)),
        "a hash without padding": text.replace(rest[1], rest[1][:-1]),
        "a hash with a space behind": text.replace(rest[1], rest[1] + " "),
        "CRLF": text.replace("\n", "\r\n"),
        "no empty line": text.replace("\n\n", "\n"),
        "64 hashes": text.replace(rest[1], "\n".join([rest[1]] * 64)),
        "no ASCII": text.replace("index", "indéx"),
    }


@pytest.mark.parametrize("what", _malformed("\n\n\n"))
def test_a_receipt_with_a_fault_is_malformed(what: str, text: str) -> None:
    with pytest.raises(Malformed):
        receipts.parse(_malformed(text)[what].encode())


LEAF, ANOTHER = leaf_hash(b"entry 77"), leaf_hash(b"entry 76")


def _refuses(data: bytes, log: Log) -> bool:
    try:
        receipts.check(receipts.parse(data), LEAF, policy_of(log))
    except (Malformed, NotProved):
        return True
    return False


def test_a_receipt_cut_anywhere_is_refused(log: Log, text: str) -> None:
    data = text.encode()
    assert not _refuses(data, log)
    assert [end for end in range(len(data)) if not _refuses(data[:end], log)] == []


def test_a_flipped_bit_is_refused(log: Log, text: str) -> None:
    data = text.encode()
    flipped = (
        (at, bit, data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        for at in range(len(data))
        for bit in (0, 3, 5, 7)
    )
    assert [(at, bit) for at, bit, changed in flipped if not _refuses(changed, log)] == []


def test_a_receipt_is_no_proof_of_another_entry(log: Log) -> None:
    receipt = log.receipt(77)
    for leaf in (ANOTHER, leaf_hash(b""), leaf_hash(b"entry 77 "), log.edge.root):
        with pytest.raises(NotProved, match="not in the tree"):
            receipts.check(receipt, leaf, policy_of(log))
    for index in (0, 76, 78, 299):
        with pytest.raises(NotProved):
            receipts.check(replace(receipt, index=index), LEAF, policy_of(log))
    with pytest.raises(NotProved, match="there is no leaf 300"):
        receipts.check(replace(receipt, index=300), LEAF, policy_of(log))


def test_a_proof_of_another_length_is_refused(log: Log) -> None:
    receipt = log.receipt(77)
    for proof in [
        (),
        receipt.proof[:-1],
        receipt.proof[1:],
        (*receipt.proof, b"x" * 32),
        (b"x" * 32, *receipt.proof),
    ]:
        with pytest.raises(NotProved):
            receipts.check(Receipt(77, proof, receipt.checkpoint), LEAF, policy_of(log))


def test_without_the_quorum_nothing_is_proved(log: Log) -> None:
    receipt = log.receipt(77, witnesses=["enterprise", "government"])
    with pytest.raises(NotProved, match="only enterprise1, government1"):
        receipts.check(receipt, LEAF, policy_of(log))
    with pytest.raises(NotProved, match="only nobody"):
        receipts.opened(log.checkpoint_bytes(witnesses=[]), policy_of(log))


def test_witnesses_alone_do_not_make_a_checkpoint(log: Log) -> None:
    note = log.checkpoint()
    unsigned = replace(log.receipt(77), checkpoint=str(Note(note.text, note.signatures[1:])).encode())
    with pytest.raises(NotProved, match="own signature"):
        receipts.check(unsigned, LEAF, policy_of(log))


def test_cosignatures_of_an_older_checkpoint_do_not_count_for_this_one(log: Log) -> None:
    now, before = log.checkpoint(), log_of(log.entries[:299]).checkpoint()
    mixed = Note(now.text, (*now.signatures[:1], *before.signatures[1:]))
    with pytest.raises(NotProved, match="is wrong"):
        receipts.opened(str(mixed).encode(), policy_of(log))
