"""Signed notes, their keys and the two kinds of signatures."""

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from puhui.tlog import notes
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.notes import COSIGNATURE, ED25519, Key, Note, Signature
from tests.support.logs import signer

TEXT = "journal.example/2026\n3\nq6u7\n"
LOG, WITNESS = signer("journal.example/2026"), signer("witness.example/w", COSIGNATURE)


def signed(text: str = TEXT) -> Note:
    """A note with the signature of LOG."""
    return Note(text, (notes.sign(Note(text), LOG),))


def test_a_key_id_is_the_beginning_of_a_hash_over_name_kind_and_key() -> None:
    for key in (LOG.key, WITNESS.key):
        body = key.name.encode() + b"\n" + bytes([key.kind]) + key.public
        assert key.id == hashlib.sha256(body).digest()[:4]
    assert (
        LOG.key.id
        != replace(LOG.key, name="journal.example/2027").id
        != replace(LOG.key, kind=COSIGNATURE).id
    )


@pytest.mark.parametrize("key", [LOG.key, WITNESS.key])
def test_a_key_is_read_as_it_was_written(key: Key) -> None:
    name, key_id, body = str(key).split("+", 2)
    assert (name, key_id) == (key.name, key.id.hex())
    assert notes.from_b64(body) == bytes([key.kind]) + key.public
    assert Key.parse(str(key)) == key
    assert Key.parse(f"{name}+{key_id.upper()}+{body}") == key


def _altered_keys() -> dict[str, str]:
    text = str(LOG.key)
    name, key_id, body = text.split("+", 2)
    ecdsa = notes.to_b64(b"\x02" + LOG.key.public)
    return {
        "nothing": "",
        "a name alone": name,
        "no key": f"{name}+{key_id}",
        "no name": f"+{key_id}+{body}",
        "a space in the name": f"a b+{key_id}+{body}",
        "another id": f"{name}+{'0' * 8}+{body}",
        "a long id": f"{name}+0{key_id}+{body}",
        "a name that is no UTF-8": f"\udcff{text}",
        "another name": f"x{text}",
        "a short key": f"{name}+{key_id}+{body[:-4]}",
        "another kind": f"{name}+{key_id}+{ecdsa}",
        "something behind": f"{text}A",
        "a newline behind": f"{text}\n",
        "another alphabet": f"{name}+{key_id}+{body.replace('/', '_').replace('+', '-')}=",
    }


@pytest.mark.parametrize("what", _altered_keys())
def test_a_key_with_a_fault_is_not_taken(what: str) -> None:
    with pytest.raises(Malformed):
        Key.parse(_altered_keys()[what])


def test_a_note_is_read_as_it_was_written() -> None:
    note = Note(TEXT, (*signed().signatures, notes.sign(Note(TEXT), WITNESS, 1_795_000_000)))
    data = str(note).encode()
    assert data.startswith(TEXT.encode() + b"\n\xe2\x80\x94 journal.example/2026 ")
    assert data.endswith(b"\n")
    assert notes.parse(data) == note
    assert note.signed_by([LOG.key, WITNESS.key]) == {LOG.key: 0, WITNESS.key: 1_795_000_000}


def test_the_text_goes_up_to_the_last_empty_line() -> None:
    note = signed("a\n\nb\n\n\n")
    assert notes.parse(str(note).encode()) == note
    assert LOG.key in notes.parse(str(note).encode()).signed_by([LOG.key])


def test_a_log_signs_the_text_itself() -> None:
    body = signed().signatures[0].body
    assert len(body) == 64
    Ed25519PublicKey.from_public_bytes(LOG.key.public).verify(body, TEXT.encode())


def test_a_witness_signs_the_time_and_the_whole_text() -> None:
    body = notes.sign(Note(TEXT + "extension\n"), WITNESS, 1_795_000_000).body
    assert body[:8] == (1_795_000_000).to_bytes(8, "big")
    assert len(body) == 8 + 64
    message = b"cosignature/v1\ntime 1795000000\njournal.example/2026\n3\nq6u7\nextension\n"
    assert notes.cosigned_message(TEXT + "extension\n", 1_795_000_000) == message
    Ed25519PublicKey.from_public_bytes(WITNESS.key.public).verify(body[8:], message)


def test_another_time_than_the_signed_one_is_refused() -> None:
    line = notes.sign(Note(TEXT), WITNESS, 1_795_000_000)
    later = replace(line, body=(1_795_000_001).to_bytes(8, "big") + line.body[8:])
    with pytest.raises(NotProved, match=r"witness\.example/w"):
        Note(TEXT, (later,)).signed_by([WITNESS.key])


def test_a_logs_signature_is_no_cosignature_and_the_other_way_round() -> None:
    log = notes.LocalSigner("n", ED25519, LOG.seed)
    witness = notes.LocalSigner("n", COSIGNATURE, LOG.seed)
    plain, timed = notes.sign(Note(TEXT), log), notes.sign(Note(TEXT), witness, 7)
    for line, key in [
        (replace(plain, key_id=witness.key.id), witness.key),
        (replace(timed, key_id=log.key.id), log.key),
    ]:
        with pytest.raises(NotProved):
            Note(TEXT, (line,)).signed_by([key])


def test_unknown_signatures_are_passed_over_whatever_they_hold() -> None:
    key_id = LOG.key.id
    grease = (
        Signature("somebody.example", b"\x01\x02\x03\x04", b"x" * 64),
        Signature(LOG.name, b"\xff\xff\xff\xff", b"\x00" * 2428),  # the log's own name, another key
        Signature("somebody.example", key_id, b"y"),  # the log's key id, another name
    )
    for lines in [(*grease, *signed().signatures), (*signed().signatures, *grease)]:
        note = notes.parse(str(Note(TEXT, lines)).encode())
        assert note.signatures == lines
        assert set(note.signed_by([LOG.key, WITNESS.key])) == {LOG.key}
    assert Note(TEXT, grease).signed_by([LOG.key]) == {}


@pytest.mark.parametrize("count", [16, 17, 100])
def test_many_signatures_are_accepted(count: int) -> None:
    others = [
        notes.sign(Note(TEXT), signer(f"w{number}.example", COSIGNATURE), 1) for number in range(count - 1)
    ]
    note = notes.parse(str(Note(TEXT, (*others, *signed().signatures))).encode())
    keys = [LOG.key, *(signer(f"w{number}.example", COSIGNATURE).key for number in range(count - 1))]
    assert set(note.signed_by(keys)) == set(keys)


def test_more_signatures_than_anybody_needs_are_malformed() -> None:
    line = str(signed().signatures[0])
    with pytest.raises(Malformed, match="1 to 100"):
        notes.parse(f"{TEXT}\n{line * 101}".encode())


@pytest.mark.parametrize("at", [0, 31, 32, 63])
def test_a_known_key_with_a_wrong_signature_refuses_the_whole_note(at: int) -> None:
    line = signed().signatures[0]
    wrong = replace(line, body=line.body[:at] + bytes([line.body[at] ^ 1]) + line.body[at + 1 :])
    cosignature = notes.sign(Note(TEXT), WITNESS, 5)
    with pytest.raises(NotProved, match="is wrong"):
        Note(TEXT, (cosignature, wrong)).signed_by([LOG.key, WITNESS.key])


@pytest.mark.parametrize("body", [b"x", b"x" * 63, b"x" * 65, b"x" * 2428])
def test_a_known_key_with_a_signature_of_another_length_refuses_the_note(body: bytes) -> None:
    for key in (LOG.key, WITNESS.key):
        with pytest.raises(NotProved):
            Note(TEXT, (Signature(key.name, key.id, body),)).signed_by([key])


def test_a_changed_text_is_refused() -> None:
    note = Note(TEXT.replace("3", "4"), signed().signatures)
    with pytest.raises(NotProved):
        note.signed_by([LOG.key])


def test_of_two_lines_of_one_key_the_first_counts_and_both_must_be_right() -> None:
    first, second = (notes.sign(Note(TEXT), WITNESS, at) for at in (7, 5))
    assert Note(TEXT, (first, second)).signed_by([WITNESS.key]) == {WITNESS.key: 7}
    wrong = replace(first, body=b"x" * 72)
    for lines in [(first, wrong), (wrong, first)]:
        with pytest.raises(NotProved):
            Note(TEXT, lines).signed_by([WITNESS.key])


@pytest.mark.parametrize("at", [2**63, 2**64 - 1])
def test_a_time_of_2_to_the_63_or_more_is_no_cosignatures(at: int) -> None:
    body = at.to_bytes(8) + WITNESS.sign(notes.cosigned_message(TEXT, at))
    with pytest.raises(NotProved, match="2\\^63"):
        Note(TEXT, (Signature(WITNESS.name, WITNESS.key.id, body),)).signed_by([WITNESS.key])
    with pytest.raises(ValueError, match="no time"):
        notes.sign(Note(TEXT), WITNESS, at)


@pytest.mark.parametrize("at", [0, 1, 2**63 - 1])
def test_every_time_below_is_one(at: int) -> None:
    assert Note(TEXT, (notes.sign(Note(TEXT), WITNESS, at),)).signed_by([WITNESS.key]) == {WITNESS.key: at}


def _malformed() -> dict[str, bytes]:
    data = str(signed()).encode()
    line = str(signed().signatures[0])
    return {
        "nothing": b"",
        "a text alone": TEXT.encode(),
        "no signatures": TEXT.encode() + b"\n",
        "no newline at the end": data[:-1],
        "an empty line at the end": data + b"\n",
        "no empty line": data.replace(b"\n\n", b"\n"),
        "CRLF": data.replace(b"\n", b"\r\n"),
        "CRLF in the signatures": data[:-1] + b"\r\n",
        "a tab": b"\t" + data,
        "a zero byte": b"\x00" + data,
        "no UTF-8": b"\xff" + data,
        "a short dash": data.replace(b"\xe2\x80\x94", b"-"),
        "a line without a dash": data + b"journal.example/2026 AAAAAAAA\n",
        "a line without a name": f"{TEXT}\n— AAAAAAAA\n".encode(),
        "a name with a plus sign": f"{TEXT}\n— a+b AAAAAAAA\n".encode(),
        "a name with a wide space": f"{TEXT}\n— a\u3000b AAAAAAAA\n".encode(),
        "two spaces": line.replace(" ", "  ").join([f"{TEXT}\n", ""]).encode(),
        "a key id alone": f"{TEXT}\n— a AAAAAA==\n".encode(),
        "no base64": f"{TEXT}\n— a ****\n".encode(),
        "something behind the base64": data[:-1] + b" x\n",
        "too much": b"x" * 1_000_000 + data,
    }


@pytest.mark.parametrize("what", _malformed())
def test_a_note_with_a_fault_is_malformed(what: str) -> None:
    with pytest.raises(Malformed):
        notes.parse(_malformed()[what])


@pytest.mark.parametrize(
    "text", ["QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "Q Q==", "QQ==QQ==", "_-8=", "QQ===", "é"]
)
def test_base64_has_one_spelling(text: str) -> None:
    assert notes.from_b64("QQ==") == b"A"
    with pytest.raises(Malformed):
        notes.from_b64(text)


def test_a_private_key_is_not_shown() -> None:
    assert LOG.seed.hex() not in repr(LOG)
    assert repr(LOG.seed) not in repr(LOG)
