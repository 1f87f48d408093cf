"""Where a local cloud lives: its friendly port and its folder. Two of them with other values run side by side."""

import os
from dataclasses import dataclass
from pathlib import Path

from infra.build.contract import ROOT

HOST = "127.0.0.1"
STACK = "puhui"
REGION = "us-east-1"
BUCKET = "puhui-deploy"
# What a kill leaves is never broken; a power cut's may be.
RESET = "If its state is broken, as after a power cut, `make reset` forgets it; then start again."


class CannotStart(Exception):
    """The local cloud cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Settings:
    port: int
    state: Path

    @classmethod
    def from_environment(cls) -> "Settings":
        """PUHUI_PORT (8080) and PUHUI_STATE (.puhui/ of the project). Raises CannotStart."""
        text = os.environ.get("PUHUI_PORT", "8080")
        if not text.isdigit() or not 0 < int(text) < 65536:
            raise CannotStart(f"PUHUI_PORT is {text!r}: give a port number, e.g. PUHUI_PORT=8090 make run")
        return cls(int(text), Path(os.environ.get("PUHUI_STATE") or ROOT / ".puhui").resolve())

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def build(self) -> Path:
        return self.state / "build"
