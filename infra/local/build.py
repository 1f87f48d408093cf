"""From the sources to something the emulator can deploy: `sam build`, then what ministack leaves to its caller.

ministack expands the SAM transform of the top template only. So the code of each nested stack is uploaded and its
template expanded here, in this process (10 templates take the SAM CLI 19 s, this a few). AWS needs none of it.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from infra.build import validators
from infra.build.contract import ROOT
from infra.local.emulator import Emulator, tool_environment
from infra.local.processes import write_whole
from infra.local.settings import BUCKET, REGION, CannotStart

# What a deployment is made from. The layers' requirements are inside layers/.
SOURCES = (
    "template.yaml",
    "samconfig.toml",
    "miniprogram_api.yaml",
    "functions",
    "layers",
    "infra/stacks",
    "infra/workflows",
    "infra/build",
)
MARK = "made-from"
FUNCTIONS = (
    "functions"  # in the build's folder: the zips, which the templates name where a build for AWS has them
)
_MADE = ("__pycache__", ".mypy_cache", ".ruff_cache")
logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # it counts what nobody collects


def fingerprint(*extra: str) -> str:
    """A hash of all sources, this Python, this emulator and whatever else ``extra`` says."""
    return digest([ROOT / source for source in SOURCES], *extra, *map(str, sys.version_info[:3]))


def digest(roots: Iterable[Path], *extra: str) -> str:
    """A hash of the files under ``roots``, apart from what tools make of them."""
    whole = hashlib.sha256(repr(extra).encode())
    for path in sorted(_files(roots)):
        whole.update(f"{path.relative_to(ROOT)}\0".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _files(roots: Iterable[Path]) -> Iterable[Path]:
    for root in roots:
        if root.is_file():
            yield root
        for folder, folders, names in os.walk(root):
            folders[:] = [
                name for name in folders if name not in _MADE and Path(folder, name) != validators.OUTPUT
            ]
            yield from (Path(folder, name) for name in names if not name.endswith((".pyc", ".md")))


def stands(target: Path) -> bool:
    """Whether a whole build of these very sources is there."""
    mark = target / MARK
    return mark.exists() and mark.read_text() == fingerprint()


def sam_build(emulator: Emulator, target: Path, log: Path) -> None:
    """Build into ``target``. Raises CannotStart with the end of what SAM said."""
    made_from = fingerprint()
    made = {"PUHUI_BUILD_FOR": "host", "PUHUI_FUNCTIONS": str(target / FUNCTIONS)}
    env = tool_environment(emulator.endpoint) | made
    sam = [str(Path(sys.executable).with_name("sam")), "build", "--build-dir", str(target)]
    run_sam(emulator, sam, env, log, "The build failed")
    write_whole(target / MARK, made_from)


def run_sam(emulator: Emulator, command: list[str], env: dict[str, str], log: Path, what: str) -> None:
    """Run the SAM CLI with its words in ``log``. Raises CannotStart."""
    with log.open("wb") as out:
        try:
            status = emulator.processes.run(
                "sam",
                command,
                needs=emulator.alive,
                env=env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        except FileNotFoundError:
            raise CannotStart(
                f"{command[0]} is missing: remove .venv/local.stamp and run make again."
            ) from None
    if status is None:
        raise CannotStart(
            f"{what}: the emulator ended meanwhile. Start again: what was acknowledged is kept."
        )
    if status:
        said = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise CannotStart(f"{what}. The end of {log}:\n" + "\n".join(said[-15:]))


def expand_nested(build: Path, storage: Any) -> int:
    """Upload the code of every nested stack by ``storage`` (boto3, S3) and expand their templates in place.

    Returns how many functions there are.
    """
    root = _read(build / "template.yaml")
    nested = [
        (name, build / resource["Properties"]["Location"])
        for name, resource in root["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Application"
    ]
    uploads = _Uploads(storage, build / FUNCTIONS)
    os.environ["AWS_DEFAULT_REGION"] = REGION  # samtranslator asks for the partition by it
    functions = 0
    for name, path in nested:
        built = path.with_name("template.built.yaml")  # so that it can be expanded again
        if not built.exists():
            path.rename(built)
        template = _read(built)
        functions += uploads.take(template, path.parent)
        try:
            expanded = transform(template, {}, _NoManagedPolicies())
        except Exception as error:
            raise CannotStart(f"infra/stacks/{name.lower()}.yaml: SAM cannot expand it: {error}") from error
        path.write_text(json.dumps(expanded))
    uploads.finish()
    return functions


def resources(build: Path) -> int:
    """How many resources all built templates have together, for a progress display."""
    return sum(len(_read(path).get("Resources", {})) for path in build.glob("**/template.yaml"))


class _NoManagedPolicies:
    @staticmethod
    def load() -> dict[str, str]:
        return {}


class _Uploads:
    """Puts code into the deploy bucket under the hash of its content."""

    def __init__(self, storage: Any, functions: Path) -> None:
        self._storage, self._functions = storage, functions
        self._pool = ThreadPoolExecutor(8)
        self._running: list[Any] = []

    def take(self, template: dict[str, Any], folder: Path) -> int:
        """Replace the local files that a template names. Returns how many of its resources are functions."""
        functions = 0
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Serverless::Function":
                functions += 1
                code = self._functions / Path(properties["CodeUri"]).name
                properties["CodeUri"] = self._put(code.read_bytes(), ".zip")
            if resource["Type"] == "AWS::Serverless::StateMachine" and isinstance(
                properties.get("DefinitionUri"), str
            ):
                definition = (folder / properties["DefinitionUri"]).read_bytes()
                properties["DefinitionUri"] = self._put(definition, ".asl.json")
        return functions

    def finish(self) -> None:
        """Wait for all uploads."""
        for upload in self._running:
            upload.result()
        self._pool.shutdown()

    def _put(self, data: bytes, ending: str) -> str:
        key = f"nested/{hashlib.sha256(data).hexdigest()}{ending}"
        self._running.append(self._pool.submit(self._storage.put_object, Bucket=BUCKET, Key=key, Body=data))
        return f"s3://{BUCKET}/{key}"


def _read(path: Path) -> dict[str, Any]:
    try:
        template: dict[str, Any] = yaml_parse(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise CannotStart(f"{path} is not YAML: {error}") from error
    return template
