"""What a local cloud keeps between two starts, in the folder PUHUI_STATE.

lock             held by the process that runs it
version          which form the folder has
parameters.json  the deployment's secrets, readable by their owner only
deployed.json    what is deployed: fingerprints and the stack's outputs
witnesses/       keys and states of the three witnesses
aws/ s3/         the emulator's own · build/ logs/ tmp/ can be made again
"""

import fcntl
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import IO

from infra import keys
from infra.local.settings import CannotStart, Settings
from infra.local.wechat import config as wechat
from puhui.tlog import policy
from puhui.tlog.notes import Key

ORIGIN = "journal.puhui.local"
VERSION = f"2, ministack {version('ministack')}"


class State:
    """The folder, locked while this object is open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.state
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Raises CannotStart when another process runs this copy, or when an older Puhui made the folder."""
        for part in (self.folder, self.settings.logs, self.folder / "tmp"):
            part.mkdir(parents=True, exist_ok=True)
        self.lock()
        mark = self.folder / "version"
        if not mark.exists():
            mark.write_text(VERSION)
        if (found := mark.read_text()) != VERSION:
            raise CannotStart(
                f"{self.folder} was made by another version ({found}; this is {VERSION}). Its data cannot be taken over:"
                " `make reset` forgets it, then start again."
            )

    def lock(self) -> None:
        """Raises CannotStart when another process runs this copy."""
        self._lock = (self.folder / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.seek(0)
            where = self._lock.read().strip() or "somewhere"
            raise CannotStart(
                f"This copy already runs at {where}. Stop it, or start a second one with a port and a folder of its own:"
                " PUHUI_PORT=8090 PUHUI_STATE=.puhui-2 make run"
            ) from None
        self._lock.truncate(0)
        self._lock.write(self.settings.url)
        self._lock.flush()

    def close(self) -> None:
        """Let others open the folder."""
        if self._lock:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def parameters(self) -> dict[str, str]:
        """The template's secret parameters, made at the first start."""
        path = self.folder / "parameters.json"
        if not path.exists():
            secret = {
                "app_secret": wechat.APP_SECRET,
                "push_token": wechat.PUSH_TOKEN,
                "push_aes_key": keys.push_aes_key(),
            }
            _write_private(path, keys.parameters(secret, ORIGIN))
        found: dict[str, str] = json.loads(path.read_text())
        return found

    def log_key(self) -> Key:
        """The public key of the journal's log."""
        return policy.parse(self.parameters()["JournalPolicy"].replace(";", "\n")).log

    def overrides(self, values: dict[str, str]) -> Path:
        """A file with all parameters of a deploy."""
        path = self.folder / "overrides.yaml"
        _write_private(path, values)
        return path

    def clear_temporary(self) -> None:
        """Remove what a killed emulator left of its workers."""
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)
        (self.folder / "tmp").mkdir()

    def forget(self) -> None:
        """Remove the folder. Only one that a local cloud made."""
        if self.folder.exists() and not (self.folder / "version").exists() and any(self.folder.iterdir()):
            raise CannotStart(f"{self.folder} does not look like Puhui's folder; remove it by hand if it is.")
        shutil.rmtree(self.folder, ignore_errors=True)


def _write_private(path: Path, value: dict[str, str]) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file)
