"""python -m infra.local run | demo | serve | logs | reset: `make` calls it."""

import signal
import sys
import time
from types import FrameType

from rich.console import Console
from rich.markup import escape

from infra.local import demo, logs
from infra.local.cloud import LocalCloud
from infra.local.processes import Processes
from infra.local.settings import CannotStart, Settings
from infra.local.state import State

USAGE = """python -m infra.local run | demo | serve | logs [REQUEST] | reset
  run    start the local cloud, play a member's day, serve until Ctrl-C
  demo   the same, then stop: exit status 0 when the day went as it should
  serve  start and serve, without the day
  logs   the last failures; with a request id, all lines of that request
  reset  forget the local state"""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    console = Console(soft_wrap=True)
    command, *more = arguments or [""]
    if command not in ("run", "demo", "serve", "logs", "reset") or len(more) > (command == "logs"):
        console.print(USAGE)
        return 2
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    try:
        settings = Settings.from_environment()
        if command == "reset":
            return _reset(settings, console)
        if command == "logs":
            return _logs(settings, console, *more)
        return _up(command, settings, console)
    except CannotStart as error:
        console.print(f"[bold red]✗[/] {escape(str(error))}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. The state is kept: the next start is quick.")
        return 130 if arguments[0] == "demo" else 0


def _up(command: str, settings: Settings, console: Console) -> int:
    started = time.monotonic()
    with LocalCloud(settings, console) as cloud:
        console.print(f"Ready in {time.monotonic() - started:.1f} s.", highlight=False)
        if command in ("run", "demo"):
            console.rule("A member's day")
            went_well = demo.play(settings.url, console, cloud.audit, cloud.audit_journal)
            if command == "demo":
                return 0 if went_well else 1
        _tell(settings, console)
        while True:
            time.sleep(0.5)
            cloud.mend()


def _tell(settings: Settings, console: Console) -> None:
    console.rule()
    for path, what in (
        ("/docs", "the API's reference"),
        ("/v1", "the API"),
        ("/journal", "the journal's public objects: /checkpoint, /policy, /tile/..."),
        ("/_wechat", "the WeChat stand-in"),
        ("/_partner", "the stand-in for a partner's server"),
        ("/health", "whether it is ready"),
    ):
        console.print(f"  {settings.url}{path:<10} {what}", highlight=False)
    console.print("Ctrl-C stops it and keeps its state; `make reset` forgets it.")


def _logs(settings: Settings, console: Console, request_id: str = "") -> int:
    found = logs.of_request(settings.logs, request_id) if request_id else logs.failures(settings.logs)
    for line in found:
        console.print(line, highlight=False, markup=False)
    if not found:
        where = settings.logs / logs.NAME
        console.print(logs.nothing_found(where, request_id), highlight=False, markup=False)
    return 0


def _reset(settings: Settings, console: Console) -> int:
    state = State(settings)
    if settings.state.exists():
        state.lock()
        Processes(settings.state).end_orphans()
        state.forget()
    console.print(f"Forgotten: {settings.state}", highlight=False)
    return 0


def _stop(_signal: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not cut short the saving of the state
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
