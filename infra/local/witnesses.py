"""The alliance of the local cloud: three witnesses, each a process of its own with its own key and state, as an
enterprise, an authority and an NGO would run them (``python -m puhui.witness``)."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from infra.build.contract import ROOT
from infra.local.emulator import STOP_SECONDS, end_orphan
from infra.local.settings import HOST, CannotStart
from puhui.tlog.notes import Key
from puhui.witness import state
from puhui.witness.state import State

NAMES = ("enterprise", "government", "ngo")
LAYER = ROOT / "layers/puhui/python"


class Witnesses:
    """``start()``, ``stop()``; in between ``bases`` tells where each one listens."""

    def __init__(self, folder: Path, logs: Path, log: Key) -> None:
        self._folder = folder
        self._logs = logs
        self._log = log
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._files: list[IO[str]] = []
        self.bases: dict[str, str] = {}

    def policy(self, url: str) -> str:
        """The alliance's policy: one of each kind has to cosign. ``url`` is the friendly port."""
        lines = [f"log {self._log} {url}/journal"]
        lines += [f"witness {name} {self._key(name)} {url}/_witness/{name}" for name in NAMES]
        return "; ".join([*lines, f"group alliance all {' '.join(NAMES)}", "quorum alliance"])

    def start(self) -> None:
        """Returns once all of them listen. Raises CannotStart."""
        for name in NAMES:
            end_orphan(self._folder / name / "pid", "puhui.witness")
            self._key(name)
            State(self._folder / name).add_log(self._log)
            file = (self._logs / f"witness-{name}.log").open("a")
            self._files.append(file)
            command = [
                sys.executable,
                "-P",
                "-m",
                "puhui.witness",
                "serve",
                "--state",
                str(self._folder / name),
            ]
            process = subprocess.Popen(
                [*command, "--host", HOST, "--port", "0"],
                env=os.environ | {"PYTHONPATH": str(LAYER)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                start_new_session=True,
            )
            self._processes[name] = process
            (self._folder / name / "pid").write_text(str(process.pid))
        for name, process in self._processes.items():
            assert process.stdout is not None  # noqa: S101 asked for above
            said = process.stdout.readline()
            if not said.startswith("listening on "):
                raise CannotStart(
                    f"The witness {name} did not start; see {self._logs / f'witness-{name}.log'}"
                )
            self.bases[name] = said.removeprefix("listening on ").strip()

    def stop(self) -> None:
        """End them; each keeps what it has seen."""
        for process in self._processes.values():
            process.terminate()
        for name, process in self._processes.items():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
            (self._folder / name / "pid").unlink(missing_ok=True)
        for file in self._files:
            file.close()
        self._processes, self._files, self.bases = {}, [], {}

    def _key(self, name: str) -> Key:
        folder = self._folder / name
        if not folder.exists():
            state.create(folder, f"witness.puhui.local/{name}")
        return State(folder).signer.key
