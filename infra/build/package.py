"""What `sam build` runs, through the makefiles of functions/ and layers/: fills one artefact's folder.

    package.py function LOGICAL_ID FOLDER     one function's own files
    package.py layer FOLDER                   the puhui package with its validators
    package.py dependencies FOLDER            the third-party packages

Everything is compiled ahead, since code without its .pyc files starts about three times slower. The .pyc files are of
the kind that is never checked against its source, so that they hold whatever a zip does to the times of files.
With PUHUI_BUILD_FOR=host the target is this interpreter, otherwise Lambda's.
"""

import os
import py_compile
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAMBDA_PYTHON = "3.13"
LAMBDA_PLATFORM = {"arm64": "aarch64", "x86_64": "x86_64"}[os.environ.get("PUHUI_ARCHITECTURE", "arm64")]
FOR_HOST = os.environ.get("PUHUI_BUILD_FOR") == "host"
UNWANTED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "README.md")
_HINT = f"Have python{LAMBDA_PYTHON} on the PATH, or run: uv python install {LAMBDA_PYTHON}"
_COMPILE = (
    "import compileall, py_compile, sys;"
    "mode = py_compile.PycInvalidationMode.UNCHECKED_HASH;"
    "sys.exit(not compileall.compile_dir(sys.argv[1], quiet=1, invalidation_mode=mode, stripdir=sys.argv[1]))"
)


def function(logical_id: str, target: Path) -> None:
    """Copy functions/**/<use_case>/ of ``UseCaseFunction``. Raises LookupError unless there is exactly one."""
    use_case = re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id.removesuffix("Function")).lower()
    found = sorted((ROOT / "functions").glob(f"**/{use_case}/app.py"))
    if len(found) != 1:
        raise LookupError(f"{logical_id} needs one functions/**/{use_case}/app.py; there are {len(found)}")
    shutil.copytree(found[0].parent, target, ignore=UNWANTED, dirs_exist_ok=True)
    compile_all(target)


def layer(target: Path) -> None:
    """Copy the puhui package and bring its validators, and what API Gateway imports, up to date."""
    sys.path.insert(0, str(ROOT))
    from infra.build import gateway, validators  # noqa: PLC0415 only this command needs the tools that they import

    python = target / "python"
    shutil.copytree(ROOT / "layers/puhui/python", python, ignore=UNWANTED, dirs_exist_ok=True)
    validators.generate(python / "puhui/edge/contract")
    gateway.write()
    compile_all(python)


def dependencies(target: Path) -> None:
    """Install the pinned third-party packages for Lambda.

    For the host the layer stays empty: the emulator's workers see the very same versions in this environment, and each
    of them would unpack 51 MB of its own otherwise (docs/decisions/2026-11-21-local-cloud.md).
    """
    python = target / "python"
    python.mkdir(parents=True, exist_ok=True)
    if FOR_HOST:
        (python / "in_this_environment.txt").write_text("layers/dependencies/requirements.txt\n")
        return
    uv = Path(sys.prefix) / "bin/uv"
    options = ["--quiet", "--no-deps", "--target", str(python), "--only-binary", ":all:"]
    options += ["--python-version", LAMBDA_PYTHON]
    if uv.exists():
        command = [str(uv), "pip", "install", "--python", sys.executable]
        options += ["--python-platform", f"{LAMBDA_PLATFORM}-manylinux_2_28"]
    else:
        command = [sys.executable, "-m", "pip", "install"]
        options += [f"--platform=manylinux{glibc}_{LAMBDA_PLATFORM}" for glibc in ("_2_28", "2014")]
        options += ["--implementation", "cp"]
    _run([*command, *options, "--requirement", str(ROOT / "layers/dependencies/requirements.txt")])
    for unwanted in [*python.glob("bin"), *python.glob("*.dist-info/RECORD"), *python.glob(".lock")]:
        shutil.rmtree(unwanted) if unwanted.is_dir() else unwanted.unlink()
    compile_all(python)


def compile_all(folder: Path) -> None:
    """Write the target's .pyc files beside each source, without this machine's paths in them."""
    own = sys.version_info[:2] == tuple(map(int, LAMBDA_PYTHON.split(".")))
    if not (FOR_HOST or own):
        if python := _lambda_python():
            _run([*python, "-I", "-S", "-c", _COMPILE, str(folder)])
        else:
            print(
                f"{folder.name}: not compiled, cold starts take about three times as long.",
                _HINT,
                file=sys.stderr,
            )
        return
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for source in folder.rglob("*.py"):
        py_compile.compile(
            str(source), dfile=str(source.relative_to(folder)), doraise=True, invalidation_mode=mode
        )


def _lambda_python() -> list[str] | None:
    """The command for Lambda's version of Python, if this machine has it."""
    name = f"python{LAMBDA_PYTHON}"
    uv = shutil.which("uv") or str(Path(sys.prefix) / "bin/uv")
    managed = [
        uv,
        "run",
        "--quiet",
        "--no-project",
        "--no-python-downloads",
        "--python",
        LAMBDA_PYTHON,
        "python",
    ]
    for command in ([name], managed):
        if shutil.which(command[0]):
            probe = subprocess.run([*command, "-c", "pass"], capture_output=True, check=False)  # noqa: S603
            if probe.returncode == 0:
                return command
    return None


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["function", name, folder]:
            function(name, Path(folder))
        case ["layer", folder]:
            layer(Path(folder))
        case ["dependencies", folder]:
            dependencies(Path(folder))
        case _:
            sys.exit(__doc__)
