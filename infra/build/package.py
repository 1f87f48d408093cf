"""What `sam build` runs, through the makefiles of layers/: everything that is deployed, in two commands.

    package.py puhui FOLDER           the layer of the puhui package, and a zip of each function in made/functions/
    package.py dependencies FOLDER    the layer of the third-party packages

SAM itself builds no function: a zip as CodeUri needs none, and one process makes all of them in a second, where SAM starts
a make for each (docs/decisions/2026-11-30-build-and-stacks.md).

Everything is compiled ahead, since code without its .pyc files starts about three times slower; so the build needs the
runtime's own Python and fails without it. The .pyc files are never checked against their source: they are valid whatever
a zip does to the times of files. With PUHUI_BUILD_FOR=host the target is this interpreter, otherwise Lambda's.
PUHUI_FUNCTIONS moves the zips, so that a build for this machine never replaces one for Lambda.
"""

import io
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = Path(os.environ.get("PUHUI_FUNCTIONS", ROOT / "made/functions"))
LAMBDA_PYTHON = "3.13"
LAMBDA_PLATFORM = {"arm64": "aarch64", "x86_64": "x86_64"}[os.environ.get("PUHUI_ARCHITECTURE", "arm64")]
FOR_HOST = os.environ.get("PUHUI_BUILD_FOR") == "host"
UNWANTED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "README.md", "Makefile")
_ZIP_TIME = (2020, 1, 1, 0, 0, 0)  # one time for all files: the same content is the same zip
_MISSING = f"""\
The build needs Python {LAMBDA_PYTHON}, the runtime of the functions: it compiles them, and uncompiled code starts three times slower.
Have python{LAMBDA_PYTHON} on the PATH, or run: uv python install {LAMBDA_PYTHON}"""
_COMPILE = (
    "import compileall, py_compile, sys;"
    "mode = py_compile.PycInvalidationMode.UNCHECKED_HASH;"
    "sys.exit(not compileall.compile_dir(sys.argv[1], quiet=1, invalidation_mode=mode, stripdir=sys.argv[1]))"
)


def puhui(target: Path) -> None:
    """The layer with validators up to date, what API Gateway imports, and the functions."""
    sys.path.insert(0, str(ROOT))
    from infra.build import gateway, validators  # noqa: PLC0415 only this command needs the tools that they import

    python = target / "python"
    shutil.copytree(ROOT / "layers/puhui/python", python, ignore=UNWANTED, dirs_exist_ok=True)
    validators.generate(python / "puhui/edge/contract")
    gateway.write()
    compile_all(python)
    functions(FUNCTIONS)


def functions(target: Path) -> None:
    """Fill ``target`` with <use_case>.zip of every functions/**/<use_case>/. Raises ValueError for a name used twice."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(ROOT / "functions", Path(folder, "functions"), ignore=UNWANTED))
        compile_all(copy)
        apps = {app.parent.name: app.parent for app in sorted(copy.rglob("app.py"))}
        if len(apps) != len(list(copy.rglob("app.py"))):
            raise ValueError("two folders of functions/ have one name")
        target.mkdir(parents=True, exist_ok=True)
        for name, app in apps.items():
            draft = target / f".{name}.{os.getpid()}"
            draft.write_bytes(_zipped(app))
            draft.replace(target / f"{name}.zip")
    for old in target.glob("*.zip"):
        if old.stem not in apps:
            old.unlink()


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(str(path.relative_to(folder)), _ZIP_TIME)
            info.external_attr = 0o644 << 16
            archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


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
    if (python := _target_python()) is not None:
        _run([*python, "-I", "-S", "-c", _COMPILE, str(folder)])
        return
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for source in folder.rglob("*.py"):
        py_compile.compile(
            str(source), dfile=str(source.relative_to(folder)), doraise=True, invalidation_mode=mode
        )


@cache
def _target_python() -> list[str] | None:
    """The command for Lambda's version of Python; None when this interpreter will do. Ends the build when there is none."""
    if FOR_HOST or sys.version_info[:2] == tuple(map(int, LAMBDA_PYTHON.split("."))):
        return None
    uv = shutil.which("uv") or str(Path(sys.prefix) / "bin/uv")
    offline = ["--quiet", "--no-project", "--no-python-downloads"]
    for command in ([f"python{LAMBDA_PYTHON}"], [uv, "run", *offline, "--python", LAMBDA_PYTHON, "python"]):
        if shutil.which(command[0]):
            probe = subprocess.run([*command, "-c", "pass"], capture_output=True, check=False)  # noqa: S603
            if probe.returncode == 0:
                return command
    sys.exit(_MISSING)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["puhui" | "dependencies" as what, folder]:
            _target_python()  # fails before anything is made
            {"puhui": puhui, "dependencies": dependencies}[what](Path(folder))
        case _:
            sys.exit(__doc__)
