"""Generates ``puhui.edge.contract``: one validator module per operation, named by its operationId.

    python -m infra.build.validators OUTPUT_DIR     generates into that folder
    python -m infra.build.validators --ensure       generates into the layer, unless it is up to date there

What a module offers is described in ``puhui/edge/validation.py``.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastjsonschema.draft07 import CodeGeneratorDraft07
from fastjsonschema.ref_resolver import RefResolver

from infra.build import contract
from infra.build.contract import ROOT, Operation, Schema

OUTPUT = ROOT / "layers/puhui/python/puhui/edge/contract"
_HEAD = """\
# Generated from miniprogram_api.yaml by infra/build/validators.py: change the contract, not this file.
# mypy: ignore-errors
# ruff: noqa
from typing import Any

from puhui.edge import validation
from puhui.edge.validation import Failure, Failures
from puhui.kernel import texts

METHOD = {method!r}
PATH = {path!r}
ROLES = {roles!r}
SCOPED = {scoped!r}
PUBLIC = {public!r}
WRITTEN: validation.Written = ({written})
NoneType = type(None)
REGEX_PATTERNS = validation.Patterns()
"""

_CHECKS = {"date-time": "is_time", "date": "is_day", "text": "is_text"}
_FORMS = {
    "text": "texts.tidy",
    "scan": "texts.scanned",
}  # of "scan" the pattern says what it may be once it has its form

_PLAINER = (  # what is written for schemas that refer to each other or take decimals; ours do neither
    ("JsonSchemaValuesException", "Failures"),
    ("(int, float, Decimal)", "int"),
    ('"" + (name_prefix or "data") + "', '"data'),
)


class _Generator(CodeGeneratorDraft07):
    """fastjsonschema's generator, except that an integer is an int (1.0 and true are not) and a failure
    carries its rule and limit instead of a message and the whole schema."""

    _definition: Schema

    def __init__(self, schema: Schema) -> None:
        resolver = RefResolver.from_schema(schema, store={})
        super().__init__(schema, resolver=resolver, fast_fail=False)  # type: ignore[no-untyped-call]

    def generate_type(self) -> None:
        if self._definition["type"] != "integer":
            super().generate_type()  # type: ignore[no-untyped-call]
            return
        with self.l("if type({variable}) is not int:"):
            self.exc("", rule="type")

    def generate_format(self) -> None:
        name = self._definition["format"]
        if name in _CHECKS:
            line = "if isinstance({variable}, str) and not validation.{}({variable}):"
            with self.l(line, _CHECKS[name]):
                self.exc("", rule="format")
        elif name not in _FORMS:
            raise ValueError(f"the generator knows no format {name}")

    def generate_pattern(self) -> None:
        pattern = repr(_python_pattern(self._definition["pattern"]))
        with self.l("if isinstance({variable}, str) and not REGEX_PATTERNS[{}].search({variable}):", pattern):
            self.exc("", rule="pattern")

    def exc(self, msg: Any, *args: Any, append_to_msg: Any = None, rule: Any = None) -> None:  # noqa: ARG002
        limit = self._definition[rule]
        if rule == "additionalProperties":
            limit = list(self._definition.get("properties", {}))
        if rule == "pattern":
            limit = None
        line = 'errors.append(Failure("{name}", {rule}, {limit}, {variable}))'
        self.l(line, rule=repr(rule), limit=repr(limit))


def module(operation: Operation) -> str:
    """The source of the operation's validator module."""
    integers = tuple(
        parameter["name"]
        for parameter in operation.parameters("query")
        if parameter["schema"]["type"] == "integer"
    )
    body = operation.body()
    written = "".join(f"({form}, {path!r}), " for form, path in _written(body or {}))
    parts = [
        _HEAD.format(
            method=operation.method,
            path=operation.path,
            roles=operation.roles,
            scoped=operation.scoped,
            public=operation.public,
            written=written,
        )
    ]
    if body is None:
        parts.append("\n\nbody = None\n")
    else:
        parts += [_function("_body", body), _wrapper("body", "validation.checked(_body, data)")]
    others = {}
    for number, (kind, schema) in enumerate(operation.other_bodies().items(), 1):
        others[kind] = f"body_{number}"
        parts.append(_function(f"_body_{number}", schema))
        parts.append(_wrapper(f"body_{number}", f"validation.checked(_body_{number}, data)"))
    named = "".join(f"{kind!r}: {name}, " for kind, name in others.items())
    parts.append(f"\n\nBODIES = {{{named}}}\n")
    parts.append(_function("_query", operation.parameter_schema("query")))
    parts.append(
        _wrapper("query", f'validation.checked(_query, validation.parsed(data, {integers!r}), "/query")')
    )
    parts.append(_function("_path", operation.parameter_schema("path")))
    parts.append(_wrapper("path", 'validation.checked(_path, dict(data), "/path")'))
    parts.append(_function("_headers", _lower_case(operation.parameter_schema("header"))))
    parts.append(_wrapper("headers", 'validation.checked(_headers, dict(data), "/headers")'))
    return "".join(parts)


def generate(output: Path) -> None:
    """Write all modules into ``output``, each file replaced whole: a reader never sees half of one."""
    output.mkdir(parents=True, exist_ok=True)
    sources = {operation.id: module(operation) for operation in contract.operations()}
    for stale in output.glob("*.py"):
        if stale.stem not in {*sources, "methods", "__init__"}:
            stale.unlink()
    for name, source in sources.items():
        _replace(output / f"{name}.py", source)
    _replace(output / "methods.py", _methods())
    _replace(
        output / "__init__.py",
        f'"""Validators generated from miniprogram_api.yaml."""\n\nSOURCE = "{_source()}"\n',
    )


def _methods() -> str:
    """The source of the module that says which methods each path has, as the Allow header lists them."""
    allowed: dict[str, list[str]] = {}
    for operation in contract.operations():
        allowed.setdefault(operation.path, []).append(operation.method)
    lines = [f"    {path!r}: {', '.join(methods)!r},\n" for path, methods in allowed.items()]
    return (
        f'"""Which methods the paths of miniprogram_api.yaml have."""\n\nMETHODS = {{\n{"".join(lines)}}}\n'
    )


def ensure(output: Path = OUTPUT) -> bool:
    """Generate unless ``output`` is up to date. Returns whether it was generated."""
    mark = output / "__init__.py"
    if mark.exists() and f'SOURCE = "{_source()}"' in mark.read_text(encoding="utf-8"):
        return False
    generate(output)
    return True


def _written(schema: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    if form := _FORMS.get(schema.get("format", "")):
        yield form, path
    for name, inner in schema.get("properties", {}).items():
        yield from _written(inner, (*path, name))
    if isinstance(schema.get("items"), dict):
        yield from _written(schema["items"], (*path, "*"))


def _function(name: str, schema: Schema) -> str:
    generator = _Generator(schema)
    code = generator.func_code.replace("NoneType = type(None)\n", "", 1)
    code = code.replace("def validate(data, custom_formats={}, name_prefix=None):", f"def {name}(data):")
    for generated, ours in _PLAINER:
        code = code.replace(generated, ours)
    return f"\n\n{code.strip()}\n"


def _python_pattern(pattern: str) -> str:
    """JSON Schema's ``$`` means the very end; Python's also allows a newline after it."""
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise ValueError(f"a pattern of the contract is anchored at both ends, unlike {pattern}")
    return pattern[:-1] + r"\Z"


def _wrapper(name: str, expression: str) -> str:
    return f"\n\ndef {name}(data: Any) -> Any:\n    return {expression}\n"


def _lower_case(schema: Schema) -> Schema:
    return {**schema, "properties": {name.lower(): value for name, value in schema["properties"].items()}}


def _source() -> str:
    digest = hashlib.sha256()
    for path in (contract.CONTRACT, Path(contract.__file__), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m infra.build.validators OUTPUT_DIR | --ensure")
    if sys.argv[1] == "--ensure":
        ensure()
    else:
        generate(Path(sys.argv[1]))
