"""Brings the template into the emulator: built, deployed, with its demo data, unless it stands there already."""

import contextlib
import platform

from infra.build.contract import ROOT
from infra.local import build, deploy, seed
from infra.local.emulator import Emulator
from infra.local.screen import Screen
from infra.local.settings import BUCKET, CannotStart
from infra.local.state import State
from infra.local.wechat.config import APP_ID


class Deployment:
    """``whole`` while what is in the emulator may be kept: a deploy that fails is discarded, so that the next start finds what
    was before."""

    def __init__(self, state: State, emulator: Emulator, screen: Screen, policy: str) -> None:
        self._state, self._settings = state, state.settings
        self._emulator, self._screen, self._policy = emulator, screen, policy
        self._outputs: dict[str, str] = {}
        self.whole = True

    def bring(self, *, after_kill: bool = False) -> dict[str, str]:
        """The root stack's outputs. Raises CannotStart."""
        parameters = self._state.folder.joinpath("parameters.json").read_text()
        wanted = build.fingerprint(self._settings.url, parameters, self._policy)
        if not self._stands(wanted):
            if after_kill:
                self._screen.console.print("What is wanted was not deployed whole: that is done now.")
            self._build_and_deploy(wanted)
        self._seed()
        return self._outputs

    def _stands(self, wanted: str) -> bool:
        """Whether the deployment of an earlier start is there and is the wanted one."""
        if (
            deploy.remembered(self._emulator).get("sources") != wanted
            or (outputs := deploy.outputs(self._emulator)) is None
        ):
            return False
        self._outputs = outputs
        for title in ("Building", "Packaging", "Deploying"):
            self._screen.skip(title, "nothing changed")
        return True

    def _build_and_deploy(self, wanted: str) -> None:
        logs, target = self._settings.logs, self._settings.build
        with self._screen.step("Building") as step:
            if build.stands(target):
                step.note("as it was built")
            else:
                build.sam_build(self._emulator, target, logs / "build.log")
                step.note("functions and layers compiled")
        with self._screen.step("Packaging") as step:
            storage = self._emulator.client("s3")
            with contextlib.suppress(storage.exceptions.BucketAlreadyOwnedByYou):
                storage.create_bucket(Bucket=BUCKET)
            step.note(f"{build.expand_nested(target, storage)} functions")
            total = build.resources(target)
        self.whole = False  # until it stands: what a failed deploy did is not kept, the next start finds what was before
        with self._screen.step("Deploying template.yaml") as step:
            overrides = self._state.overrides(self._parameters())
            deploy.sam_deploy(
                self._emulator,
                target,
                overrides,
                logs / "deploy.log",
                lambda count: step.note(f"{min(count, total)} of about {total} resources"),
            )
            outputs = deploy.outputs(self._emulator)
            if outputs is None:
                raise CannotStart(f"The stack did not come up; see {logs / 'deploy.log'}")
            self._outputs = outputs
            self._lock(outputs["JournalBucket"])
            step.note(f"{total} resources")
        deploy.remember(self._emulator, {"sources": wanted})
        self.whole = True

    def _lock(self, bucket: str) -> None:
        """Turn Object Lock on, as AWS does for a bucket with ObjectLockEnabled; the emulator leaves that property out."""
        self._emulator.client("s3").put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        )

    def _parameters(self) -> dict[str, str]:
        return self._state.parameters() | {
            "Stage": "local",
            "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
            "JournalPolicy": self._policy,
            "JournalLockDays": "1",
            "SettlementLagSeconds": "2",
            "ErasureGraceSeconds": "6",
            "ErasureTokenSeconds": "2",
            "WechatAppId": APP_ID,
            "WechatApiBase": f"{self._settings.url}/_wechat",
            "CallbackBase": f"{self._settings.url}/v1",
        }

    def _seed(self) -> None:
        found = deploy.remembered(self._emulator)
        wanted = build.digest([ROOT / "infra/local/seed.py"])
        if found.get("seeded") == wanted:
            self._screen.skip("Demo data", "as it was")
            return
        with self._screen.step("Creating the demo data") as step:
            count = seed.seed(
                self._emulator.client("lambda"),
                self._settings.url,
                lambda done, total: step.note(f"{done} of {total}"),
            )
            step.note(f"{count} people and rewards")
        deploy.remember(self._emulator, found | {"seeded": wanted})
