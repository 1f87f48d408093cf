"""The local cloud: the friendly port, the emulator, the deployment and the demo data, started and stopped together."""

import contextlib
import json
import platform
from dataclasses import replace
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from infra.build.contract import ROOT
from infra.local import build, deploy, gateway_responses, seed
from infra.local.emulator import Emulator
from infra.local.partner import app as partner
from infra.local.processes import Processes, said_of
from infra.local.screen import Screen
from infra.local.server import Server, Upstream, application
from infra.local.settings import BUCKET, CannotStart, Settings
from infra.local.state import State
from infra.local.wechat import app as wechat
from infra.local.wechat.config import APP_ID, Config, PushSettings
from infra.local.witnesses import NAMES, Witnesses

STEPS = 6


class LocalCloud:
    """Use as a context manager: everything it starts ends with the block, and its state is kept."""

    def __init__(self, settings: Settings, console: Console, push: PushSettings | None = None) -> None:
        self.settings = settings
        self.state = State(settings)
        self._screen = Screen(console, STEPS)
        self._push = push or PushSettings()
        self._upstream = Upstream()
        self._journal = Upstream("/journal", public=True)
        self._witnessing = {name: Upstream(f"/_witness/{name}") for name in NAMES}
        self._witnesses: Witnesses | None = None
        self._wechat: Any = None
        self._server: Server | None = None
        self._emulator: Emulator | None = None
        self._whole = True
        self.outputs: dict[str, str] = {}

    @property
    def emulator(self) -> Emulator:
        """The running emulator."""
        assert self._emulator is not None  # noqa: S101 a caller's mistake
        return self._emulator

    def __enter__(self) -> Self:
        try:
            self._start()
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
        wanted = self._fingerprint()
        if not self._stands(wanted):
            if found:
                self._screen.console.print("  Its deploy had not ended: it is done again.", highlight=False)
            self._build_and_deploy(wanted)
        self._seed()
        endpoint = f"{self.emulator.endpoint}/restapis/{self.outputs['ApiId']}/v1/_user_request_"
        self._upstream.base = endpoint
        self._journal.base = f"{self.emulator.endpoint}/{self.outputs['JournalBucket']}"
        if resumed := deploy.resume_executions(self.emulator):
            self._screen.console.print(f"  {resumed} verifications that waited go on", highlight=False)

    def mend(self) -> None:
        """Start a witness again that has ended, so that the journal goes on. Raises CannotStart when the emulator has."""
        if not self.emulator.alive():
            raise CannotStart(
                f"The emulator ended by itself; see {self.settings.logs / 'emulator.log'}. Start again: what was"
                " acknowledged is kept."
            )
        if self._witnesses and (started := self._watch()):
            self._screen.console.print(f"  Started again: the witness {', '.join(started)}", highlight=False)

    def _watch(self) -> list[str]:
        assert self._witnesses is not None  # noqa: S101 started before
        started = self._witnesses.start()
        for name in started:
            self._witnessing[name].base = self._witnesses.bases[name]
        return started

    def _start_emulator(self) -> None:
        with self._screen.step("Starting the emulator of AWS, IAM enforced") as step:
            self.state.clear_temporary()
            self._emulator = Emulator(self.settings.state, self.settings.logs / "emulator.log")
            self._emulator.start()
            step.note(f"ministack {version('ministack')} on port {self._emulator.port}")

    def _start_witnesses(self) -> None:
        with self._screen.step("Starting three witnesses of the journal") as step:
            self._witnesses = Witnesses(self.settings, self.state.log_key())
            self._watch()
            step.note(", ".join(NAMES))

    def _policy(self) -> str:
        assert self._witnesses is not None  # noqa: S101 started before
        return self._witnesses.policy(self.settings.url)

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
                self._upstream,
                [self._journal, *self._witnessing.values()],
                self._wechat,
                partner.create_app(),
                about,
            )
        )

    def _fingerprint(self) -> str:
        parameters = self.state.folder.joinpath("parameters.json").read_text()
        return build.fingerprint(self.settings.url, parameters, self._policy())

    def _stands(self, wanted: str) -> bool:
        """Whether the deployment of an earlier start is there and is the wanted one."""
        if (
            deploy.remembered(self.emulator).get("sources") != wanted
            or (outputs := deploy.outputs(self.emulator)) is None
        ):
            return False
        self.outputs = outputs
        for title in ("Building", "Packaging", "Deploying"):
            self._screen.skip(title, "nothing changed")
        return True

    def _build_and_deploy(self, wanted: str) -> None:
        logs, target = self.settings.logs, self.settings.build
        with self._screen.step("Building") as step:
            if build.stands(target):
                step.note("as it was built")
            else:
                build.sam_build(self.emulator.processes, target, logs / "build.log", self.emulator.endpoint)
                step.note("functions and layers compiled")
        with self._screen.step("Packaging") as step:
            storage = self.emulator.client("s3")
            with contextlib.suppress(storage.exceptions.BucketAlreadyOwnedByYou):
                storage.create_bucket(Bucket=BUCKET)
            step.note(f"{build.expand_nested(target, storage)} functions")
            total = build.resources(target)
        self._whole = False  # until it stands: what a failed deploy did is not kept, the next start finds what was before
        with self._screen.step("Deploying template.yaml") as step:
            overrides = self.state.overrides(self._parameters())
            deploy.sam_deploy(
                self.emulator,
                target,
                overrides,
                logs / "deploy.log",
                lambda count: step.note(f"{min(count, total)} of about {total} resources"),
            )
            outputs = deploy.outputs(self.emulator)
            if outputs is None:
                raise CannotStart(f"The stack did not come up; see {logs / 'deploy.log'}")
            self.outputs = outputs
            gateway_responses.apply(self.emulator.client("apigateway"), outputs["ApiId"], "v1")
            self._lock(outputs["JournalBucket"])
            step.note(f"{total} resources")
        deploy.remember(self.emulator, {"sources": wanted})
        self._whole = True

    def _lock(self, bucket: str) -> None:
        """Turn Object Lock on, as AWS does for a bucket with ObjectLockEnabled; the emulator leaves that property out."""
        self.emulator.client("s3").put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        )

    def _parameters(self) -> dict[str, str]:
        return self.state.parameters() | {
            "Stage": "local",
            "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
            "JournalPolicy": self._policy(),
            "JournalLockDays": "1",
            "SettlementLagSeconds": "2",
            "WechatAppId": APP_ID,
            "WechatApiBase": f"{self.settings.url}/_wechat",
            "CallbackBase": f"{self.settings.url}/v1",
        }

    def _seed(self) -> None:
        found = deploy.remembered(self.emulator)
        wanted = build.digest([ROOT / "infra/local/seed.py"])
        if found.get("seeded") == wanted:
            self._screen.skip("Demo data", "as it was")
            return
        with self._screen.step("Creating the demo data") as step:
            count = seed.seed(
                self.emulator.client("lambda"),
                self.settings.url,
                lambda done, total: step.note(f"{done} of {total}"),
            )
            step.note(f"{count} people and rewards")
        deploy.remember(self.emulator, found | {"seeded": wanted})

    def audit(self) -> dict[str, Any]:
        """The report of the ledger's audit over the whole deployment."""
        return seed.invoke(self.emulator.client("lambda"), "audit-ledger", {}, "the audit")

    def audit_journal(self) -> dict[str, Any]:
        """The report of the journal's audit."""
        return seed.invoke(self.emulator.client("lambda"), "audit-journal", {}, "the journal's audit")

    def stop(self) -> None:
        """End what was started, in the opposite order. A second call does nothing."""
        self._upstream.base = ""
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
        if emulator and not emulator.stop(keep=self._whole):
            self._screen.console.print(
                "[yellow]The emulator did not end in time and was killed; what was acknowledged is kept.[/]"
            )
        if emulator:
            self.state.clear_temporary()
        self.state.close()
