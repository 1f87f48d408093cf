"""What a witness decides, without HTTP and without a disk."""

import dataclasses

import pytest

from puhui.tlog import notes
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.merkle import EMPTY_ROOT
from puhui.tlog.notes import ED25519, LocalSigner, Note, Signature
from puhui.tlog.witnessing import AddCheckpoint
from puhui.witness.rules import Accepted, Evidence, Refused, decide
from tests.unit.witness.samples import Log

LOG, OTHER_FACE = Log(), Log(world="other ")


def refused(seen: Checkpoint | None, request: AddCheckpoint) -> tuple[int, Evidence | None]:
    decision = decide(seen, request, LOG.key)
    assert isinstance(decision, Refused)
    return decision.status, decision.finding.kind if decision.finding else None


@pytest.mark.parametrize("size", [0, 1, 7, 255, 256, 257])
def test_the_first_checkpoint_needs_no_proof(size: int):
    assert decide(None, LOG.request(0, size), LOG.key) == Accepted(LOG.at(size), LOG.note(size))


@pytest.mark.parametrize(
    ("old", "size"), [(0, 1), (1, 2), (1, 256), (255, 256), (256, 257), (257, 600), (600, 600)]
)
def test_a_tree_that_extends_the_last_is_accepted(old: int, size: int):
    assert decide(LOG.at(old), LOG.request(old, size), LOG.key) == Accepted(LOG.at(size), LOG.note(size))


def test_only_the_logs_own_signature_is_kept():
    note = LOG.note(3)
    stranger = LocalSigner("stranger.example", ED25519, b"s" * 32)
    grease = (
        Signature(LOG.key.name, b"\x00\x01\x02\x03", b"grease"),  # the log's name, but not its key id
        Signature("stranger.example", LOG.key.id, b"grease"),  # the id, but not the name
        notes.sign(note, stranger),
        *(Signature(f"w{i}.example", bytes([i] * 4), bytes(76)) for i in range(16)),
    )
    greased = Note(note.text, (*grease[:2], *note.signatures, *grease[2:]))
    request = AddCheckpoint(0, (), str(greased).encode())
    assert decide(None, request, LOG.key) == Accepted(LOG.at(3), note)


def test_a_signature_that_comes_twice_is_kept_once():
    note = LOG.note(3)
    twice = Note(note.text, note.signatures * 2)
    assert decide(None, AddCheckpoint(0, (), str(twice).encode()), LOG.key) == Accepted(LOG.at(3), note)


def test_lines_of_extension_stay_in_the_note():
    note = LOG.note(3, "one\ntwo\n")
    assert decide(None, AddCheckpoint(0, (), str(note).encode()), LOG.key) == Accepted(LOG.at(3), note)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n3\n", "\n03\n"),
        lambda text: text.replace("\n3\n", "\n-3\n"),
        lambda text: text.replace("\n3\n", "\n9223372036854775808\n"),
        lambda text: text.replace("\n3\n", "\r\n3\n"),
        lambda text: text.replace("=\n\n", "\n\n"),
        lambda text: text.removesuffix("\n"),
        lambda text: text.partition("\n\n")[0] + "\n\n",
        lambda text: text.replace("\n3\n", "\n\n3\n"),
        lambda text: text[:0],
    ],
)
def test_what_is_no_signed_checkpoint_is_malformed(spoil):
    text = str(LOG.note(3))
    assert spoil(text) != text
    assert refused(None, AddCheckpoint(0, (), spoil(text).encode())) == (400, None)


def test_a_checkpoint_of_another_log_is_not_found():
    assert refused(None, Log("journal.other.example/2026").request(0, 3)) == (404, None)


def test_without_the_logs_signature_it_is_forbidden():
    text = LOG.at(3).text
    for signer in (
        LocalSigner("stranger.example", ED25519, b"s" * 32),
        LocalSigner(LOG.key.name, ED25519, b"s" * 32),
    ):
        note = Note(text, (notes.sign(Note(text), signer),))
        assert refused(None, AddCheckpoint(0, (), str(note).encode())) == (403, None)


def test_a_wrong_signature_under_the_logs_name_and_id_is_forbidden():
    of_another_size = Note(LOG.at(4).text, LOG.note(3).signatures)
    assert refused(None, AddCheckpoint(0, (), str(of_another_size).encode())) == (403, None)


def test_the_signature_is_looked_at_before_the_sizes():
    unsigned = Note(LOG.at(3).text, (Signature("stranger.example", b"1234", b"grease"),))
    assert refused(LOG.at(9), AddCheckpoint(7, (), str(unsigned).encode())) == (403, None)


def test_an_old_size_above_the_checkpoints_is_malformed():
    request = AddCheckpoint(4, (), str(LOG.note(3)).encode())
    for seen in (None, LOG.at(3), LOG.at(4)):
        assert refused(seen, request) == (400, None)


@pytest.mark.parametrize(("seen", "old"), [(0, 1), (3, 0), (3, 2), (3, 4), (9, 5), (9, 0)])
def test_another_old_size_than_the_last_is_a_conflict(seen: int, old: int):
    assert refused(LOG.at(seen) if seen else None, LOG.request(old, 5)) == (409, None)


def test_a_rollback_is_never_accepted():
    assert refused(LOG.at(5), LOG.request(3, 3)) == (409, None)
    assert refused(LOG.at(5), AddCheckpoint(5, (), str(LOG.note(3)).encode())) == (400, None)


def test_the_first_checkpoint_with_a_proof_is_refused():
    request = dataclasses.replace(LOG.request(0, 3), proof=(b"h" * 32,))
    assert refused(None, request) == (422, None)
    assert refused(LOG.at(0), request) == (422, None)


def test_the_empty_tree_has_one_root_only():
    note = Checkpoint(LOG.key.name, 0, b"r" * 32).signed(LOG.signer)
    request = AddCheckpoint(0, (), str(note).encode())
    assert refused(None, request) == (422, Evidence.SPLIT_VIEW)
    assert refused(LOG.at(3), request) == (409, None)
    unsigned = Note(note.text, (Signature("stranger.example", b"1234", b"grease"),))
    assert refused(None, AddCheckpoint(0, (), str(unsigned).encode())) == (403, None)
    assert LOG.at(0).root == EMPTY_ROOT


def test_a_wrong_proof_is_refused_and_kept():
    honest = LOG.request(3, 7)
    flipped = bytes([honest.proof[0][0] ^ 1]) + honest.proof[0][1:]
    for proof in (
        (),
        honest.proof[:-1],
        (*honest.proof, b"h" * 32),
        honest.proof[::-1],
        (flipped, *honest.proof[1:]),
        LOG.proof(2, 7),
    ):
        assert refused(LOG.at(3), dataclasses.replace(honest, proof=proof)) == (422, Evidence.BAD_PROOF)


def test_the_same_size_with_a_proof_is_refused_without_suspicion():
    assert refused(LOG.at(3), dataclasses.replace(LOG.request(3, 3), proof=(b"h" * 32,))) == (422, None)


def test_two_faces_of_one_size_are_a_split_view_whatever_old_size_is_sent():
    seen = LOG.at(5)
    assert refused(seen, OTHER_FACE.request(5, 5)) == (422, Evidence.SPLIT_VIEW)
    assert refused(seen, OTHER_FACE.request(0, 5)) == (409, Evidence.SPLIT_VIEW)
    assert refused(seen, AddCheckpoint(6, (), str(OTHER_FACE.note(5)).encode())) == (400, Evidence.SPLIT_VIEW)


def test_a_fork_is_refused_even_with_its_own_sound_proof():
    assert refused(LOG.at(5), OTHER_FACE.request(5, 9)) == (422, Evidence.BAD_PROOF)
