"""A log with a key that can grow, lie and send its checkpoints; and a witness to send them to."""

import hashlib
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import puhui
from puhui.tlog import checkpoints, notes, tiles
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import NotProved
from puhui.tlog.notes import ED25519, Key, LocalSigner, Note
from puhui.tlog.policy import Policy, Witness
from puhui.tlog.witnessing import AddCheckpoint

ORIGIN = "journal.puhui.example/2026"
NAME = "witness.ngo.example/w1"


@dataclass
class Reply:
    """What came back over HTTP."""

    status: int
    kind: str
    body: bytes


class Log:
    """A log that begins with the entries ``first``; those after are numbered and differ from ``world`` to ``world``.
    Logs of one origin have one key: they are its faces."""

    def __init__(self, origin: str = ORIGIN, world: str = "", first: Sequence[bytes] = ()) -> None:
        self.signer = LocalSigner(origin, ED25519, hashlib.sha256(origin.encode()).digest())
        self._world = world
        self._first = first
        self._edge = tiles.Edge()
        self._objects: dict[str, bytes] = {}
        self._roots = [self._edge.root]

    @property
    def key(self) -> Key:
        return self.signer.key

    def at(self, size: int) -> Checkpoint:
        """Its state when it has this size; it grows when it must."""
        while len(self._roots) <= size:
            number = self._edge.size
            entry = self._first[number] if number < len(self._first) else f"{self._world}{number}".encode()
            grown = tiles.append(self._edge, [entry])
            self._edge = grown.edge
            self._objects |= grown.tiles
            self._roots.append(grown.edge.root)
        return Checkpoint(self.signer.name, size, self._roots[size])

    def note(self, size: int, extension: str = "") -> Note:
        """The signed checkpoint, with lines of extension."""
        text = self.at(size).text + extension
        return Note(text, (notes.sign(Note(text), self.signer),))

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        self.at(size)
        return tuple(tiles.Tree(self._fetch, size).consistency_proof(old))

    def request(self, old: int, size: int) -> AddCheckpoint:
        """An honest request."""
        return AddCheckpoint(old, self.proof(old, size), str(self.note(size)).encode())

    def _fetch(self, path: str) -> bytes:
        if path not in self._objects:
            raise NotProved(path)
        return self._objects[path]


def sent(url: str, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheader("Content-Type", ""), answer.read())
    finally:
        connection.close()


def added(url: str, request: AddCheckpoint) -> Reply:
    return sent(url, "POST", "/add-checkpoint", bytes(request))


def cosigned_at(witness: Key, log: Key, note: Note, reply: Reply) -> int:
    """When the witness cosigned, as a client with a policy finds it; KeyError when it did not."""
    policy = Policy((log,), (Witness("w1", witness),), {}, "w1")
    whole = Note(note.text, (*note.signatures, *notes.signatures_of(reply.body.decode())))
    assert checkpoints.opened(str(whole).encode(), log)[1] == whole
    return policy.cosigned_by(whole)["w1"]


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """``python -m puhui.witness`` to its end."""
    return subprocess.run(
        _line(*arguments), env=_env(), capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A serving process of its own: its address, and the process; it is killed at the end if it still runs."""
    line = _line("serve", "--state", folder, "--port", "0")
    with subprocess.Popen(
        line, env=_env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            ready = process.stdout.readline()
            assert ready.startswith("listening on http://127.0.0.1:"), ready
            yield ready.removeprefix("listening on ").strip(), process
        finally:
            process.kill()


def _line(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "puhui.witness", *map(str, arguments)]


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(puhui.__file__).parents[1]), "PYTHONUTF8": "1"}
