"""The alliance of the local cloud: three witnesses, each a process of its own with its own key and state, as an
enterprise, an authority and an NGO would run them (``python -m puhui.witness``)."""

import contextlib
import os
import shutil
import subprocess
import sys
from typing import IO

from infra.build.contract import ROOT
from infra.local.emulator import STOP_SECONDS
from infra.local.processes import Processes
from infra.local.settings import HOST, RESET, CannotStart, Settings
from puhui.tlog.notes import Key
from puhui.witness import state
from puhui.witness.state import State

NAMES = ("enterprise", "government", "ngo")
LAYER = ROOT / "layers/puhui/python"


class Witnesses:
    """``start()``, ``stop()``; in between ``bases`` tells where each one listens."""

    def __init__(self, settings: Settings, log: Key) -> None:
        self._folder = settings.state / "witnesses"
        self._logs = settings.logs
        self._log = log
        self._ours = Processes(settings.state)
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._files: list[IO[str]] = []
        self.bases: dict[str, str] = {}

    def policy(self, url: str) -> str:
        """The alliance's policy: one of each kind has to cosign. ``url`` is the friendly port."""
        lines = [f"log {self._log} {url}/journal"]
        lines += [f"witness {name} {self._opened(name).signer.key} {url}/_witness/{name}" for name in NAMES]
        return "; ".join([*lines, f"group alliance all {' '.join(NAMES)}", "quorum alliance"])

    def start(self) -> list[str]:
        """Start those that do not run, returning once all listen: their names. Raises CannotStart."""
        missing = [
            name for name in NAMES if name not in self._processes or self._processes[name].poll() is not None
        ]
        for name in missing:
            self._begin(name)
        for name in missing:
            stdout = self._processes[name].stdout
            said = stdout.readline() if stdout else ""
            if not said.startswith("listening on "):
                raise CannotStart(
                    f"The witness {name} did not start; see {self._logs / f'witness-{name}.log'}"
                )
            self.bases[name] = said.removeprefix("listening on ").strip()
        return missing

    def _begin(self, name: str) -> None:
        self._opened(name).add_log(self._log)
        file = (self._logs / f"witness-{name}.log").open("a")
        self._files.append(file)
        command = [sys.executable, "-P", "-m", "puhui.witness", "serve", "--state", str(self._folder / name)]
        self._processes[name] = self._ours.start(
            f"witness-{name}",
            [*command, "--host", HOST, "--port", "0"],
            env=os.environ | {"PYTHONPATH": str(LAYER)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )

    def stop(self) -> None:
        """End them; each keeps what it has seen."""
        for process in self._processes.values():
            process.terminate()
        for name, process in self._processes.items():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            self._ours.end(f"witness-{name}", process)
            if process.stdout:
                process.stdout.close()
        for file in self._files:
            file.close()
        self._processes, self._files, self.bases = {}, [], {}

    def _opened(self, name: str) -> State:
        """Its state, with a key of its own from the first time on. Raises CannotStart."""
        folder = self._folder / name
        if not folder.exists():
            draft = self._folder / f".{name}.new"
            shutil.rmtree(draft, ignore_errors=True)
            state.create(draft, f"witness.puhui.local/{name}")
            draft.rename(folder)
        try:
            return State(folder)
        except state.StateError as error:
            raise CannotStart(f"The witness {name} cannot start: {error}. {RESET}") from error
