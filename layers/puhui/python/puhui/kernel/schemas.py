"""Validators of filed documents. Only what checks documents before they are published imports this module: it loads a schema
library.

What every schema means by a name, a version, a day or a region is written once, in ``definitions.schema.json``; a schema refers
to it as ``definitions#/$defs/region``.
"""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

DEFINITIONS = json.loads((Path(__file__).parent / "definitions.schema.json").read_bytes())
_SHARED: Registry = Registry().with_resource("definitions", Resource.from_contents(DEFINITIONS))


def validator(schema: Path) -> Draft202012Validator:
    """The validator of a schema's file. A day has to exist: formats are checked."""
    return Draft202012Validator(
        json.loads(schema.read_bytes()),
        registry=_SHARED,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
