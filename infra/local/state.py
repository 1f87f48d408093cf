"""What a local cloud keeps between two starts, in the folder PUHUI_STATE.

lock             held by the process that runs it
version          which form the folder has
parameters.json  the deployment's secrets, readable by their owner only
processes/       what it has started: number and time of start
witnesses/       keys and states of the three witnesses
aws/ s3/         the emulator's own · build/ logs/ tmp/ can be made again
"""

import fcntl
import json
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from typing import IO

from infra import keys
from infra.local.processes import write_whole
from infra.local.settings import RESET, CannotStart, Settings
from infra.local.wechat import config as wechat
from puhui.tlog import policy
from puhui.tlog.notes import Key

ORIGIN = "journal.puhui.local"
VERSION = f"5, ministack {version('ministack')}"


class State:
    """The folder, locked while this object is open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.state
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Raises CannotStart when another process runs this copy, or when an older Puhui made the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock()
        mark = self.folder / "version"
        if not mark.exists():
            write_whole(mark, VERSION)
        if (found := mark.read_text()) != VERSION:
            raise CannotStart(
                f"{self.folder} was made by another version ({found}; this is {VERSION}). Its data cannot be taken over:"
                " `make reset` forgets it, then start again."
            )
        self.settings.logs.mkdir(exist_ok=True)

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
            write_whole(path, json.dumps(keys.parameters(secret, ORIGIN)), 0o600)
        try:
            found: dict[str, str] = json.loads(path.read_text())
        except ValueError as error:
            raise CannotStart(f"{path} cannot be read: {error}. {RESET}") from error
        return found

    def log_key(self) -> Key:
        """The public key of the journal's log."""
        return policy.parse(self.parameters()["JournalPolicy"].replace(";", "\n")).log

    def overrides(self, values: dict[str, str]) -> Path:
        """A file with all parameters of a deploy."""
        path = self.folder / "overrides.yaml"
        write_whole(path, json.dumps(values), 0o600)
        return path

    def set_aside(self) -> None:
        """An empty folder for the emulator's workers. What they have left before is thousands of files: ``sweep`` removes it."""
        old = self.folder / "tmp"
        if old.exists():
            old.rename(self.folder / f"gone-{time.time_ns()}")
        old.mkdir()

    def sweep(self) -> None:
        """Remove what was set aside."""
        for each in self.folder.glob("gone-*"):
            shutil.rmtree(each, ignore_errors=True)

    def forget(self) -> None:
        """Remove the folder. Only one that a local cloud made."""
        if not self.folder.exists():
            return
        begun = {"lock", ".version.new"}  # what a start that was killed at once leaves
        if not (self.folder / "version").exists() and {part.name for part in self.folder.iterdir()} - begun:
            raise CannotStart(f"{self.folder} does not look like Puhui's folder; remove it by hand if it is.")
        for part in self.folder.iterdir():  # the mark last, so that what a kill leaves can be forgotten, too
            if part.is_dir():
                shutil.rmtree(part)
            elif part.name != "version":
                part.unlink()
        shutil.rmtree(self.folder)
