"""The local cloud: the friendly port, the emulator, the deployment and the demo data, started and stopped together."""

import json
import threading
from dataclasses import replace
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

import httpx
from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.markup import escape

from infra.build import gateway
from infra.local import deploy, seed
from infra.local.deployment import Deployment
from infra.local.emulator import Emulator
from infra.local.logs import Follower
from infra.local.partner import app as partner
from infra.local.processes import Processes, said_of
from infra.local.screen import Screen
from infra.local.server import Gateways, Server, Upstream, application
from infra.local.settings import CannotStart, Settings
from infra.local.state import State
from infra.local.wechat import app as wechat
from infra.local.wechat.config import Config, PushSettings
from infra.local.witnesses import NAMES, Witnesses

STEPS = 6


class LocalCloud:
    """Use as a context manager: everything it starts ends with the block, and its state is kept."""

    def __init__(
        self,
        settings: Settings,
        console: Console,
        push: PushSettings | None = None,
        *,
        print_failures: bool = True,
    ) -> None:
        self.settings = settings
        self.state = State(settings)
        self._screen = Screen(console, STEPS)
        self._push = push or PushSettings()
        self._gateways = Gateways()
        self._journal = Upstream("/journal", public=True)
        self._witnessing = {name: Upstream(f"/_witness/{name}") for name in NAMES}
        self._witnesses: Witnesses | None = None
        self._wechat: Any = None
        self._server: Server | None = None
        self._emulator: Emulator | None = None
        self._deployment: Deployment | None = None
        self._failures = Follower(settings.logs, self._print_failure if print_failures else _nothing)

    @property
    def emulator(self) -> Emulator:
        """The running emulator."""
        assert self._emulator is not None  # noqa: S101 a caller's mistake
        return self._emulator

    def __enter__(self) -> Self:
        try:
            self._start()
        except (BotoCoreError, httpx.TransportError) as error:
            ended = self._emulator is not None and not self._emulator.alive()
            self.stop()
            raise self._ended() if ended else error from None
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        self.state.open()
        if found := Processes(self.settings.state).end_orphans():
            self._screen.console.print(said_of(found), highlight=False)
        self._server = Server(self.settings.port)
        self._start_emulator()
        self._start_witnesses()
        self._serve()
        assert self._witnesses is not None  # noqa: S101 just started
        policy = self._witnesses.policy(self.settings.url)
        self._deployment = Deployment(self.state, self.emulator, self._screen, policy)
        outputs = self._deployment.bring(after_kill=bool(found))
        ids = {name: outputs[f"{name.title()}ApiId"] for name in gateway.GATEWAYS}
        apis = f"{self.emulator.endpoint}/restapis"
        self._gateways.serve({name: f"{apis}/{api_id}/v1/_user_request_" for name, api_id in ids.items()})
        self._journal.base = f"{self.emulator.endpoint}/{outputs['JournalBucket']}"
        if resumed := deploy.resume_executions(self.emulator):
            self._screen.console.print(f"  {resumed} verifications that waited go on", highlight=False)
        threading.Thread(target=self.state.sweep, name="sweep", daemon=True).start()

    def _print_failure(self, line: str) -> None:
        self._screen.console.print(f"[red]![/] {escape(line)}", highlight=False)

    def mend(self) -> None:
        """Start a witness again that has ended, so that the journal goes on. Raises CannotStart when the emulator has."""
        if not self.emulator.alive():
            raise self._ended()
        if self._witnesses and (started := self._watch()):
            self._screen.console.print(f"  Started again: the witness {', '.join(started)}", highlight=False)

    def _ended(self) -> CannotStart:
        log = self.settings.logs / "emulator.log"
        return CannotStart(
            f"The emulator ended by itself; see {log}. Start again: what was acknowledged is kept."
        )

    def _watch(self) -> list[str]:
        assert self._witnesses is not None  # noqa: S101 started before
        started = self._witnesses.start()
        for name in started:
            self._witnessing[name].base = self._witnesses.bases[name]
        return started

    def _start_emulator(self) -> None:
        with self._screen.step("Starting the emulator of AWS, IAM enforced") as step:
            self.state.set_aside()
            self._emulator = Emulator(self.settings.state, self.settings.logs / "emulator.log")
            self._emulator.start()
            self._failures.start()
            step.note(f"ministack {version('ministack')} on port {self._emulator.port}")

    def _start_witnesses(self) -> None:
        with self._screen.step("Starting three witnesses of the journal") as step:
            self._witnesses = Witnesses(self.settings, self.state.log_key())
            self._watch()
            step.note(", ".join(NAMES))

    def _serve(self) -> None:
        secret = json.loads(self.state.parameters()["WechatSecret"])
        url = self._push.url or f"{self.settings.url}/v1/wechat/messages"
        push = replace(self._push, url=url, token=secret["push_token"], aes_key=secret["push_aes_key"])
        file = self.settings.state / "wechat.json"
        self._wechat = wechat.create_app(Config(app_secret=secret["app_secret"], push=push, state_file=file))
        assert self._server is not None  # noqa: S101
        about = {"emulator": self.emulator.endpoint, "state": str(self.settings.state)}
        self._server.start(
            application(
                self._gateways,
                [self._journal, *self._witnessing.values()],
                self._wechat,
                partner.create_app(),
                about,
            )
        )

    def audit(self) -> dict[str, Any]:
        """The report of the ledger's audit over the whole deployment."""
        return seed.invoke(self.emulator.client("lambda"), "audit-ledger", {}, "the audit")

    def audit_journal(self) -> dict[str, Any]:
        """The report of the journal's audit."""
        return seed.invoke(self.emulator.client("lambda"), "audit-journal", {}, "the journal's audit")

    def stop(self) -> None:
        """End what was started, in the opposite order. A second call does nothing."""
        self._gateways.base = ""
        server, self._server = self._server, None
        if server:
            server.stop()
        platform_, self._wechat = self._wechat, None
        if platform_:
            platform_.state.close()
        alliance, self._witnesses = self._witnesses, None
        if alliance:
            alliance.stop()
        emulator, self._emulator = self._emulator, None
        if emulator and not emulator.stop(keep=self._deployment is None or self._deployment.whole):
            self._screen.console.print(
                "[yellow]The emulator did not end in time and was killed; what was acknowledged is kept.[/]"
            )
        if emulator:
            self._failures.stop()
            self.state.set_aside()
            self.state.sweep()
        self.state.close()


def _nothing(_line: str) -> None:
    """Tests make things fail on purpose."""
