"""Python sources as trees."""

import ast
import gc


def parsed(source: str) -> ast.Module:
    """The tree of a source. CPython 3.11 may fail with "AST constructor recursion depth mismatch" when a finaliser runs
    meanwhile: none does here."""
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        gc.enable()
