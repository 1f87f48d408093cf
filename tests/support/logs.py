"""A log in memory with a key of its own and three witnesses, whose files, checkpoints and receipts tests can have."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from puhui.tlog import checkpoints, entries, merkle, notes, tiles
from puhui.tlog.entries import Entry
from puhui.tlog.errors import NotProved
from puhui.tlog.notes import COSIGNATURE, ED25519, LocalSigner, Note
from puhui.tlog.receipts import Receipt
from puhui.tlog.tiles import WIDTH, Edge, Tree

ORIGIN = "journal.greenpoints.example/2026"
WITNESSES = {
    "enterprise": "witness.shop.example/w1",
    "government": "witness.city.example/w1",
    "ngo": "witness.trees.example/w1",
}
COSIGNED_AT = 1_795_221_000  # 2026-11-21 00:30:00 UTC; each witness ten seconds after the one before
MEMBER = "member:01KAGZ3V9Q8M4T2X7C5R6N1P0D"


def signer(name: str, kind: int = ED25519) -> LocalSigner:
    """A key that follows from its name: the same in every run."""
    return LocalSigner(name, kind, hashlib.sha256(f"test key of {name}".encode()).digest())


class Log:
    """A log that keeps everything. ``entries`` are the leaves' bytes, ``files`` the tiles and bundles by path: those of
    each size at which an append ended."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.signer = signer(origin)
        self.witnesses = {name: signer(key, COSIGNATURE) for name, key in WITNESSES.items()}
        self.entries: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.edge = Edge()

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self.edge.size

    def policy(self, quorum: str = "alliance", enough: str = "all") -> str:
        """The policy's text: a group for each member of the alliance, and the alliance of the three."""
        lines = [f"log {self.signer.key}"]
        for name, each in self.witnesses.items():
            lines.append(f"witness {name}1 {each.key}")
        lines += [f"group {name} any {name}1" for name in self.witnesses]
        lines += [f"group alliance {enough} {' '.join(self.witnesses)}", f"quorum {quorum}"]
        return "# whose cosignatures this log's readers ask for\n" + "\n".join(lines) + "\n"

    def append(self, new: Sequence[bytes]) -> None:
        """Append entries, as one publication does."""
        grown = tiles.append(self.edge, new)
        self.edge = grown.edge
        self.files.update(grown.tiles)
        self.entries.extend(new)

    def fetch(self, path: str) -> bytes:
        """The object at a path, also a partial tile of a size that was never published. Raises NotProved."""
        if path in self.files:
            return self.files[path]
        name, partial, width = path.partition(".p/")
        for wider in range(int(width) + 1, WIDTH) if partial else ():
            if f"{name}.p/{wider}" in self.files:
                return self.files[f"{name}.p/{wider}"]
        raise NotProved(f"there is no {path}")

    def tree(self, size: int | None = None) -> Tree:
        """The tree of the first ``size`` entries, by default of all."""
        return Tree(self.fetch, self.size if size is None else size)

    def checkpoint(
        self,
        size: int | None = None,
        *,
        witnesses: Sequence[str] = tuple(WITNESSES),
        root: bytes | None = None,
        at: int = COSIGNED_AT,
    ) -> Note:
        """The checkpoint of the first ``size`` entries (by default all), cosigned by these witnesses."""
        tree = self.tree(size)
        state = checkpoints.Checkpoint(self.origin, tree.size, tree.root() if root is None else root)
        note = state.signed(self.signer)
        times = dict(zip(self.witnesses, range(at, at + 1000, 10), strict=False))
        cosigned = [notes.sign(note, self.witnesses[name], times[name]) for name in witnesses]
        return Note(note.text, (*note.signatures, *cosigned))

    def checkpoint_bytes(self, size: int | None = None, **options: Any) -> bytes:
        """The same as bytes."""
        return str(self.checkpoint(size, **options)).encode()

    def receipt(self, index: int, size: int | None = None, **options: Any) -> Receipt:
        """The receipt for an entry in the tree of the first ``size`` entries; ``options`` as for ``checkpoint``."""
        proof = tuple(self.tree(size).inclusion_proof(index))
        return Receipt(index, proof, self.checkpoint_bytes(size, **options))

    def revision(
        self, index: int, opening: Mapping[str, Any] | None, size: int | None = None
    ) -> dict[str, Any]:
        """The answer of GET /journal/revisions/{entry_id} for an entry of the journal."""
        tree, leaf = self.tree(size), self.entries[index]
        return {
            "entry_id": entries.parse(leaf).id,
            "entry": notes.to_b64(leaf),
            "index": index,
            "size": tree.size,
            "root": notes.to_b64(tree.root()),
            "proof": [notes.to_b64(each) for each in tree.inclusion_proof(index)],
            "opening": opening,
        }

    def consistency(self, old: int, new: int | None = None) -> dict[str, Any]:
        """The answer of GET /journal/consistency."""
        before, after = self.tree(old), self.tree(new)
        return {
            "from": old,
            "to": after.size,
            "from_root": notes.to_b64(before.root()),
            "to_root": notes.to_b64(after.root()),
            "proof": [notes.to_b64(each) for each in after.consistency_proof(old)],
        }

    def write(self, folder: Path) -> Path:
        """Write the log as it is published: tiles, checkpoint and policy."""
        for path, data in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "checkpoint").write_bytes(self.checkpoint_bytes())
        (folder / "policy").write_text(self.policy())
        return folder


def transfer(number: int) -> dict[str, Any]:
    """An event: a transfer that issues ``number`` g to a member, with points, and moves some money."""
    return {
        "id": entry_id(number),
        "type": "transfer",
        "kind": "credit",
        "at": "2026-11-21T08:30:00+08:00",
        "legs": [
            {"account": "issuance:carbon-88", "asset": "CO2E:carbon-88:2026", "amount": f"{-1000 * number}"},
            {"account": MEMBER, "asset": "CO2E:carbon-88:2026", "amount": f"{1000 * number}"},
            {"account": MEMBER, "asset": "PTS:carbon-88", "amount": "30", "lot": "2028-11"},
            {"account": "pool:carbon-88", "asset": "PTS:carbon-88", "amount": "-30"},
            {"account": "merchant:shop", "asset": "CNY", "amount": "-1234"},
            {"account": "organisation:trees", "asset": "CNY", "amount": "1234"},
        ],
    }


def entry_id(number: int) -> str:
    """The id of the entry with this number."""
    return f"01KAGZ{number:020}"


def salt(number: int) -> bytes:
    """A salt that follows from the entry's number."""
    return hashlib.sha256(f"test salt {number}".encode()).digest()


def opening(number: int) -> dict[str, Any]:
    """What opens the entry with this number, as the journal's API gives it."""
    return {"salt": notes.to_b64(salt(number)), "event": transfer(number)}


def entry(number: int, prev: bytes | None = None, event: Mapping[str, Any] | None = None) -> bytes:
    """The leaf that commits to ``event``, by default the transfer with this number."""
    told = transfer(number) if event is None else event
    commitment = entries.commitment(salt(number), told)
    return bytes(Entry(told["type"], told["id"], "2026-11-21T08:30:00+08:00", commitment, prev))


def many_entries(count: int) -> list[bytes]:
    """Entries of the right form, fast: their commitments open to nothing."""
    zeros = notes.to_b64(bytes(merkle.HASH_BYTES))
    form = '{{"at":"2026-11-21T08:30:00+08:00","commitment":"{}","id":"{}","prev":null,"type":"{}","v":1}}'
    return [
        form.format(zeros, entry_id(i), "erasure" if i % 100 == 99 else "transfer").encode()
        for i in range(count)
    ]
