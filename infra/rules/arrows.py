"""An import-linter contract of our own: which package may import which, as one table in pyproject.toml."""

from collections.abc import Iterator
from fnmatch import fnmatch

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class Arrows(Contract):
    """Each package lists what it may import. Packages that are not ``base`` are entered by their ``open_modules`` only.

    ``packages`` and ``externals`` hold lines of the form ``name: allowed allowed``: for a package what it imports, for
    a third-party package which modules (patterns below ``root``) import it.
    """

    type_name = "arrows"

    root = fields.StringField()
    base = fields.ListField(subfield=fields.StringField())
    open_modules = fields.ListField(subfield=fields.StringField())
    packages = fields.ListField(subfield=fields.StringField())
    externals = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 its interface
        broken = sorted(self._broken(graph))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["broken"]:
            output.print_error(line)

    def _broken(self, graph: ImportGraph) -> Iterator[str]:
        allowed = dict(_parsed(line) for line in self.packages)  # type: ignore[attr-defined]
        externals = dict(_parsed(line) for line in self.externals)  # type: ignore[attr-defined]
        prefix = f"{self.root}."
        for importer in graph.modules:
            if not importer.startswith(prefix):
                continue
            own = importer.removeprefix(prefix)
            package = own.split(".")[0]
            if package not in allowed:
                yield f"{importer}: the package {package} is not in the table of pyproject.toml"
                continue
            for imported in graph.find_modules_directly_imported_by(importer):
                if imported.startswith(prefix):
                    reason = self._inside(package, imported.removeprefix(prefix), allowed[package])
                else:
                    reason = _outside(own, imported, externals)
                if reason:
                    yield f"{importer} imports {imported}: {reason}"

    def _inside(self, package: str, imported: str, allowed: list[str]) -> str | None:
        target, _, rest = imported.partition(".")
        if target == package:
            return None
        if target not in allowed:
            return f"{package} may import {', '.join(allowed) or 'nothing'}"
        if target not in self.base and rest not in self.open_modules:  # type: ignore[operator]
            return f"other contexts call {target}.api only"
        return None


def _parsed(line: str) -> tuple[str, list[str]]:
    name, _, allowed = line.partition(":")
    return name.strip(), allowed.split()


def _outside(importer: str, imported: str, externals: dict[str, list[str]]) -> str | None:
    patterns = externals.get(imported.split(".", maxsplit=1)[0])
    if patterns is None or any(fnmatch(importer, p) or fnmatch(importer, f"{p}.*") for p in patterns):
        return None
    return f"only {', '.join(patterns) or 'functions and tools'} may"
