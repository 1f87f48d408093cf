"""Verifiers that others wrote accept this project's logs, and see each tampering."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from puhui.tlog import notes, witnessing
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.notes import Note
from puhui.tlog.witnessing import AddCheckpoint
from tests.support.independent import Answer, PythonTools, Tool, Verdict, WitnessServer, running_witness
from tests.support.logs import Log

pytestmark = pytest.mark.slow

OLD, NEW = 700, 3_000
INDEXES = [0, 255, 256, 351, 699, 2815, 2816, 2999]


@dataclass(frozen=True)
class Published:
    """A log in a folder, and beside it what its readers keep."""

    log: Log
    folder: Path

    def beside(self, name: str, data: bytes | str) -> Path:
        """A file of the reader's own."""
        path = self.folder.with_name(name)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    @property
    def log_key(self) -> Path:
        """A file with the log's key."""
        return self.beside("log.vkey", f"{self.log.signer.key}\n")

    @property
    def old(self) -> Path:
        """The checkpoint that a reader kept from earlier."""
        return self.beside("checkpoint.old", self.log.checkpoint_bytes(OLD))

    @property
    def proof(self) -> Path:
        """The proof that the log only grew since."""
        hashes = self.log.tree().consistency_proof(OLD)
        return self.beside("consistency", "".join(f"{notes.to_b64(each)}\n" for each in hashes))

    def leaf(self, index: int) -> Path:
        """A file with an entry."""
        return self.beside("leaf", self.log.entries[index])

    def receipt(self, index: int) -> Path:
        """A file with an entry's receipt."""
        return self.beside("receipt.tlog-proof", str(self.log.receipt(index)))

    def flip(self, name: str, at: int = -1) -> None:
        """Flip a bit of a published file."""
        flip(self.folder / name, at)


def flip(path: Path, at: int) -> None:
    """Flip one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.fixture(scope="module")
def log() -> Log:
    """A log of random entries, published at two sizes."""
    rng = random.Random(6962)
    entries = [rng.randbytes(rng.randint(0, 400)) for _ in range(NEW)]
    log = Log()
    log.append(entries[:OLD])
    log.append(entries[OLD:])
    return log


@pytest.fixture
def published(log: Log, tmp_path: Path) -> Published:
    """The log in a folder."""
    return Published(log, log.write(tmp_path / "log"))


# What the Go program says


@pytest.mark.parametrize("index", INDEXES)
def test_go_accepts_each_receipt(go_verifier: Tool, published: Published, index: int) -> None:
    arguments = [published.folder / "policy", published.leaf(index), published.receipt(index)]
    verdict = go_verifier("receipt", *arguments, "3")
    assert verdict == Verdict(True, f"OK leaf {index} is in the tree of 3000 that 3 witnesses cosigned\n")
    assert not go_verifier("receipt", *arguments, "4").ok


def test_go_refuses_another_leaf_and_a_flipped_bit_anywhere_in_a_receipt(
    go_verifier: Tool, published: Published
) -> None:
    policy, leaf = published.folder / "policy", published.leaf(351)
    lines = published.receipt(351).read_bytes().split(b"\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines) - 1)]
    for start in starts:
        receipt = published.receipt(351)
        flip(receipt, start + 7)
        assert not go_verifier("receipt", policy, leaf, receipt, "3").ok
    receipt = published.receipt(351)
    assert go_verifier("receipt", policy, leaf, receipt, "3").ok
    flip(leaf, 0)
    assert not go_verifier("receipt", policy, leaf, receipt, "3").ok


def test_go_accepts_that_the_log_only_grew(go_verifier: Tool, published: Published) -> None:
    new = published.folder / "checkpoint"
    verdict = go_verifier("consistency", published.log_key, published.old, new, published.proof)
    assert verdict == Verdict(True, "OK the log of 700 is the beginning of the log of 3000\n")
    empty = published.beside("checkpoint.empty", Log().checkpoint_bytes())
    nothing = published.beside("nothing", "")
    assert go_verifier("consistency", published.log_key, empty, new, nothing).ok
    assert go_verifier("consistency", published.log_key, new, new, nothing).ok


def test_go_refuses_a_growth_that_is_none(go_verifier: Tool, published: Published) -> None:
    key, old, new, proof = published.log_key, published.old, published.folder / "checkpoint", published.proof
    assert not go_verifier("consistency", key, new, old, proof).ok
    rewritten = Log()
    rewritten.append([b"another", *published.log.entries[1:OLD]])
    fork = published.beside("checkpoint.fork", rewritten.checkpoint_bytes())
    assert not go_verifier("consistency", key, fork, new, proof).ok
    for path in (proof, old, new):
        kept = path.read_bytes()
        flip(path, 0 if path == proof else len(published.log.origin) + 1)
        assert not go_verifier("consistency", key, old, new, proof).ok
        path.write_bytes(kept)
    assert go_verifier("consistency", key, old, new, proof).ok


def test_go_makes_every_tile_and_the_root_again(go_verifier: Tool, published: Published) -> None:
    verdict = go_verifier("audit", published.log_key, published.folder)
    root = notes.to_b64(published.log.edge.root)
    assert verdict == Verdict(True, f"OK {published.log.origin}: 3000 entries, 13 tiles, root {root}\n")


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512])
def test_go_audits_small_logs(go_verifier: Tool, log: Log, tmp_path: Path, size: int) -> None:
    small = Log()
    small.append(log.entries[:size])
    published = Published(small, small.write(tmp_path / "log"))
    verdict = go_verifier("audit", published.log_key, published.folder)
    assert verdict.ok, verdict.said


def test_go_audits_a_log_of_three_levels(go_verifier: Tool, tmp_path: Path) -> None:
    big = Log()
    big.append([b"%d" % number for number in range(65_537)])
    published = Published(big, big.write(tmp_path / "log"))
    assert "65537 entries, 259 tiles" in go_verifier("audit", published.log_key, published.folder).said
    published.flip("tile/2/000.p/1")
    assert "hash 0 of tile/2/000.p/1" in go_verifier("audit", published.log_key, published.folder).said


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("tile/entries/000", "tile/0/000"),
        ("tile/entries/011.p/184", "hash 183 of tile/0/011.p/184"),
        ("tile/0/004", "hash 255 of tile/0/004"),
        ("tile/0/011.p/184", "hash 183 of tile/0/011.p/184"),
        ("tile/1/000.p/11", "hash 10 of tile/1/000.p/11"),
        ("checkpoint", ""),
    ],
)
def test_go_sees_a_flipped_bit_of_a_published_file(
    go_verifier: Tool, published: Published, path: str, told: str
) -> None:
    published.flip(path)
    verdict = go_verifier("audit", published.log_key, published.folder)
    assert not verdict.ok
    assert told in verdict.said


def test_go_sees_that_well_made_tiles_are_not_the_ones_that_were_signed(
    go_verifier: Tool, published: Published
) -> None:
    other = Log()
    other.append([*published.log.entries[:-1], b"another"])
    checkpoint = (published.folder / "checkpoint").read_bytes()
    shutil.rmtree(published.folder)
    other.write(published.folder)
    (published.folder / "checkpoint").write_bytes(checkpoint)
    assert "lead to the root" in go_verifier("audit", published.log_key, published.folder).said


def test_go_wants_the_logs_own_signature(go_verifier: Tool, published: Published) -> None:
    note = published.log.checkpoint()
    checkpoint = published.folder / "checkpoint"
    checkpoint.write_text(str(Note(note.text, note.signatures[1:])))
    assert not go_verifier("audit", published.log_key, published.folder).ok


# What aics-tlog says


@pytest.fixture
def aics(python_tools: PythonTools, published: Published) -> "Aics":
    """aics-tlog with the published log."""
    return Aics(python_tools.aics_tlog, published)


@dataclass(frozen=True)
class Aics:
    """A reader of the published log who uses aics-tlog."""

    tool: Tool
    published: Published

    def __call__(self, command: str, *arguments: str | Path, witnesses: bool = False) -> Verdict:
        log = self.published.log
        keys = [f"--witness-key={each.key}" for each in log.witnesses.values()] if witnesses else []
        return self.tool(
            command, "--tiles", self.published.folder, "--log-key", str(log.signer.key), *keys, *arguments
        )


def test_aics_accepts_the_checkpoint_with_its_quorum(aics: Aics) -> None:
    verdict = aics("verify-checkpoint", "--quorum", "3", witnesses=True)
    assert verdict.ok, verdict.said
    assert '"cosignatures": 3' in verdict.said
    assert not aics("verify-checkpoint", "--quorum", "4", witnesses=True).ok


def test_aics_accepts_entries(aics: Aics) -> None:
    for index in (0, 351, 2999):
        leaf = aics.published.leaf(index)
        verdict = aics(
            "verify-inclusion", "--index", str(index), "--leaf", leaf, "--quorum", "3", witnesses=True
        )
        assert verdict.ok, verdict.said
    assert not aics("verify-inclusion", "--index", "350", "--leaf", aics.published.leaf(351)).ok


def test_aics_accepts_that_the_log_only_grew(aics: Aics) -> None:
    verdict = aics("verify-consistency", "--old-checkpoint", aics.published.old)
    assert verdict.ok, verdict.said
    assert '"old_size": 700' in verdict.said
    rewritten = Log()
    rewritten.append([b"another", *aics.published.log.entries[1:OLD]])
    fork = aics.published.beside("checkpoint.fork", rewritten.checkpoint_bytes())
    assert not aics("verify-consistency", "--old-checkpoint", fork).ok


@pytest.mark.parametrize("path", ["tile/0/001", "tile/1/000.p/11", "tile/entries/001", "checkpoint"])
def test_aics_sees_a_flipped_bit_of_a_published_file(aics: Aics, path: str) -> None:
    aics.published.flip(path)
    assert not aics("verify-inclusion", "--index", "511", "--quorum", "3", witnesses=True).ok


def test_aics_checks_a_proof_from_a_file(aics: Aics) -> None:
    log, proof = aics.published.log, aics.published.proof
    roots = [notes.to_b64(log.tree(size).root()) for size in (OLD, NEW)]
    sizes = [f"--old-size={OLD}", f"--new-size={NEW}", f"--old-root={roots[0]}", f"--new-root={roots[1]}"]
    verdict = aics.tool("verify-consistency", *sizes, "--proof", proof)
    assert verdict.ok, verdict.said
    flip(proof, 0)
    assert not aics.tool("verify-consistency", *sizes, "--proof", proof).ok


# What aics-witness answers


@pytest.fixture
def witness(python_tools: PythonTools, log: Log, tmp_path: Path) -> Iterator[WitnessServer]:
    """A witness that has not seen the log yet."""
    with running_witness(python_tools, tmp_path, log.signer.key, "witness.third.example/w1") as server:
        yield server


def asked(log: Log, old: int, new: int) -> AddCheckpoint:
    """The request to cosign ``new`` entries of a witness that saw ``old``."""
    return AddCheckpoint(
        old, tuple(log.tree(new).consistency_proof(old)), log.checkpoint_bytes(new, witnesses=[])
    )


def cosigned_at(answer: Answer, checkpoint: bytes, witness: WitnessServer) -> int:
    """When the witness cosigned according to its answer."""
    note = notes.parse(checkpoint)
    return Note(note.text, notes.signatures_of(answer.body.decode())).signed_by([witness.key])[witness.key]


def test_an_unmodified_witness_cosigns_as_the_log_grows(witness: WitnessServer, log: Log) -> None:
    for old, new in [(0, OLD), (OLD, OLD), (OLD, NEW)]:
        request = asked(log, old, new)
        answer = witness.post(bytes(request))
        assert answer.status == 200, answer.body
        assert cosigned_at(answer, request.checkpoint, witness) > 1_700_000_000


def test_an_unmodified_witness_tells_the_size_that_it_saw_last(witness: WitnessServer, log: Log) -> None:
    assert witness.post(bytes(asked(log, 0, OLD))).status == 200
    answer = witness.post(bytes(asked(log, 256, NEW)))
    assert (answer.status, answer.kind, answer.body) == (409, witnessing.SIZE_TYPE, b"700\n")
    assert witness.post(bytes(asked(log, int(answer.body), NEW))).status == 200


def test_an_unmodified_witness_refuses_a_wrong_proof_and_a_second_face(
    witness: WitnessServer, log: Log
) -> None:
    assert witness.post(bytes(asked(log, 0, OLD))).status == 200
    good = asked(log, OLD, NEW)
    changed = bytes([good.proof[0][0] ^ 1]) + good.proof[0][1:]
    for proof in [(changed, *good.proof[1:]), good.proof[:-1], ()]:
        assert witness.post(bytes(AddCheckpoint(OLD, proof, good.checkpoint))).status == 422
    other = log.checkpoint_bytes(OLD, witnesses=[], root=log.tree(OLD - 1).root())
    assert witness.post(bytes(AddCheckpoint(OLD, (), other))).status == 422
    assert witness.post(bytes(good)).status == 200


def test_an_unmodified_witness_refuses_strangers_and_nonsense(witness: WitnessServer, log: Log) -> None:
    unknown = Checkpoint("journal.other.example/2026", OLD, log.tree(OLD).root()).signed(log.signer)
    assert witness.post(bytes(AddCheckpoint(0, (), str(unknown).encode()))).status == 404
    unsigned = Note(log.checkpoint(OLD).text, log.checkpoint(OLD).signatures[1:])
    assert witness.post(bytes(AddCheckpoint(0, (), str(unsigned).encode()))).status == 403
    assert witness.post(bytes(asked(log, 0, OLD)).replace(b"old 0", b"old 00")).status == 400
    assert witness.post(bytes(AddCheckpoint(NEW, (), log.checkpoint_bytes(OLD)))).status == 400
