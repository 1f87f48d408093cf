"""What a person sees while the local cloud starts: numbered steps with their time, moving on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Screen:
    """Counts the steps of ``total``."""

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self._total = total
        self._number = 0

    @contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        """Show that ``title`` is going on until the block ends, then how long it took."""
        self._number += 1
        step = Step(f"[{self._number}/{self._total}] {title}")
        if self.console.is_terminal:
            with self.console.status(escape(step.title)) as step.status:
                yield step
        else:
            self.console.print(escape(f"{step.title} ..."))
            yield step
        note = f": {step.last}" if step.last else ""
        self.console.print(
            f"[green]✓[/] {escape(step.title + note)} [dim]({step.seconds:.1f} s)[/]", highlight=False
        )

    def skip(self, title: str, why: str) -> None:
        """A step that is not needed this time."""
        self._number += 1
        self.console.print(
            f"[green]✓[/] {escape(f'[{self._number}/{self._total}] {title}: {why}')}", highlight=False
        )


class Step:
    """One step that is going on."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.last = ""
        self.status: Status | None = None
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def note(self, text: str) -> None:
        """How far it is; the last note stays on the screen."""
        self.last = text
        if self.status:
            self.status.update(escape(f"{self.title}: {text}, {self.seconds:.0f} s"))
