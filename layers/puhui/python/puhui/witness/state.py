"""What a witness keeps: its key, the logs it cosigns for, the latest checkpoint of each, and evidence.

DIR/seed                              32 bytes, mode 0600
DIR/vkey                              the public key as others write it down
DIR/logs/<hex sha256 of origin>/
    vkey                              the log's key
    checkpoint                        the latest cosigned one: the log's signature and the witness's
    lock                              held while the two are compared and replaced
    evidence/<unix time>-<size>.json
"""

import fcntl
import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from puhui.tlog import checkpoints, notes
from puhui.tlog.checkpoints import Checkpoint
from puhui.tlog.errors import Malformed, NotProved
from puhui.tlog.notes import COSIGNATURE, ED25519, Key, LocalSigner, Note
from puhui.witness.rules import Evidence, Finding

SEED_BYTES = 32
# Anybody can send bad proofs; only the log can make split views, so room is left for those.
EVIDENCE_FILES_MAX = {Evidence.BAD_PROOF: 500, Evidence.SPLIT_VIEW: 1000}


class StateError(Exception):
    """The folder is not as it must be: absent, taken, damaged or open to others. Nothing may be signed then."""


@dataclass(frozen=True)
class Seen:
    """The latest cosigned checkpoint of a log, its note, and when it was cosigned (Unix seconds)."""

    checkpoint: Checkpoint
    note: Note
    at: int


def hash_of(origin: str) -> str:
    """The name of a log's folder, and of its place below the monitoring prefix."""
    return sha256(origin.encode()).hexdigest()


def create(folder: Path, name: str) -> Key:
    """Make a key for a new witness. Raises Malformed for an unfit name, StateError where there is a key already."""
    signer = LocalSigner(name, COSIGNATURE, os.urandom(SEED_BYTES))
    _require_printable(Key.parse(str(signer.key)))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        seed = os.open(folder / "seed", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise StateError(f"{folder} has a key already; it is not overwritten (已有密钥，不会覆盖)") from None
    with os.fdopen(seed, "wb") as file:
        file.write(signer.seed)
        file.flush()
        os.fsync(file.fileno())
    _replace(folder / "vkey", f"{signer.key}\n".encode())
    _sync(folder.parent)
    return signer.key


class State:
    """A witness's folder. Several processes may serve from one; several threads may use one State."""

    def __init__(self, folder: Path) -> None:
        """Open a folder that ``create`` made. Raises StateError."""
        self.signer = _signer(folder)
        self._logs = folder / "logs"
        self._locks: dict[str, threading.Lock] = {}

    def add_log(self, key: Key) -> bool:
        """Remember a log; False when it was known. Raises Malformed for a key that is no log's, StateError when
        another key is remembered for this origin."""
        _require_printable(key)
        if key.kind != ED25519:
            raise Malformed(f"the key of {key.name} is of kind {key.kind}, not {ED25519}: it is no log's")
        folder = self._logs / hash_of(key.name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(self._logs.parent)
        _sync(self._logs)
        with self.locked(key.name):
            known = self.log(key.name)
            if known not in (None, key):
                raise StateError(f"another key is remembered for {key.name} (该日志已登记另一把公钥)")
            if known is None:
                _replace(folder / "vkey", f"{key}\n".encode())
            return known is None

    def log(self, origin: str) -> Key | None:
        """The key of a log, None when it is unknown. Raises StateError."""
        return self._log(hash_of(origin))

    def _log(self, name: str) -> Key | None:
        path = self._logs / name / "vkey"
        try:
            key = Key.parse(path.read_text("utf-8").strip())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise StateError(f"{path} is damaged (文件损坏): {error}") from None
        if hash_of(key.name) != name:
            raise StateError(f"{path} is the key of another log (另一个日志的公钥)")
        return key

    @contextmanager
    def locked(self, origin: str) -> Iterator[None]:
        """Keep every other thread and process away from a log that is known."""
        with self._locked(hash_of(origin)):
            yield

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with self._locks.setdefault(name, threading.Lock()):
            lock = os.open(self._logs / name / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            finally:
                os.close(lock)  # which also unlocks

    def seen(self, log: Key) -> Seen | None:
        """The latest cosigned checkpoint, None when there never was one; call it ``locked``.

        Raises StateError when it is damaged: a witness that forgot must not sign as if it had seen nothing.
        """
        path = self._logs / hash_of(log.name) / "checkpoint"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            checkpoint, note = checkpoints.opened(data, log)
            own = self.signer.key
            return Seen(checkpoint, note, note.signed_by([own])[own])
        except (Malformed, NotProved, KeyError) as error:
            raise StateError(f"{path} is damaged (文件损坏): {error}") from None

    def persist(self, log: Key, note: Note) -> None:
        """Replace the latest cosigned checkpoint; it is on the disk when this returns. Call it ``locked``."""
        _replace(self._logs / hash_of(log.name) / "checkpoint", str(note).encode())

    def latest(self, name: str) -> Seen | None:
        """The latest cosigned checkpoint of the log with this hash, once it is surely on the disk, or None."""
        log = self._log(name)
        if log is None:
            return None
        with self._locked(name):
            return self.seen(log)

    def keep_evidence(self, log: Key, seen: Seen | None, finding: Finding, at: int) -> Path | None:
        """Write down both signed notes, once for each refused text; None when they were kept before or the folder is
        full. Call it ``locked``."""
        folder = self._logs / hash_of(log.name) / "evidence"
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)
        files = [each for each in folder.iterdir() if each.suffix == ".json"]
        same_size = [each for each in files if each.stem.split("-")[1:2] == [str(finding.size)]]
        if len(files) >= EVIDENCE_FILES_MAX[finding.kind] or any(_holds(each, finding) for each in same_size):
            return None
        path = folder / f"{at}-{finding.size}.json"
        for number in range(2, len(files) + 3):
            if not path.exists():
                break
            path = folder / f"{at}-{finding.size}-{number}.json"
        content = {
            "kind": finding.kind.value,
            "found_at": at,
            "origin": log.name,
            "log": str(log),
            "witness": str(self.signer.key),
            "seen": str(seen.note) if seen else None,
            "refused": str(finding.note),
            "old": finding.request.old,
            "proof": [notes.to_b64(each) for each in finding.request.proof],
        }
        _replace(path, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
        return path


def _holds(path: Path, finding: Finding) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return False
    return (content.get("kind"), content.get("refused")) == (finding.kind.value, str(finding.note))


def _require_printable(key: Key) -> None:
    if not key.name.isprintable():
        raise Malformed("a key's name consists of printable characters")


def _signer(folder: Path) -> LocalSigner:
    try:
        mode = (folder / "seed").stat().st_mode
        seed = (folder / "seed").read_bytes()
        key = Key.parse((folder / "vkey").read_text("utf-8").strip())
    except FileNotFoundError as error:
        raise StateError(
            f"{error.filename} is not there: init makes it (尚未初始化，请先运行 init)"
        ) from None
    except ValueError as error:
        raise StateError(f"{folder / 'vkey'} is damaged (文件损坏): {error}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise StateError(f"others can read {folder / 'seed'}: chmod 600 (私钥文件权限过宽，请改为 600)")
    signer = LocalSigner(key.name, COSIGNATURE, seed)
    if len(seed) != SEED_BYTES or signer.key != key:
        raise StateError(f"{folder / 'seed'} and vkey do not belong together (密钥文件不匹配)")
    return signer


def _replace(path: Path, data: bytes) -> None:
    """Put a file in place whole or not at all, and return when it would survive a power cut."""
    new = path.with_name(f".{path.name}.new")  # one writer at a time: the lock
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
