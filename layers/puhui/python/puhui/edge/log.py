"""One structured line per request or task on standard output: what ran, how it ended, how long it took. Never a body, a
token, an id of a person or a query string."""

import json
import sys
import traceback
from typing import Any


def line(**fields: Any) -> None:
    """Write one JSON object."""
    sys.stdout.write(json.dumps(fields, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def failure(error: BaseException) -> str:
    """Type, code and place of an unexpected error, without its message, which may quote data; of a denied call also the action and the
    resource."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    name = " ".join(
        filter(None, (type(error).__name__, getattr(error, "code", ""), getattr(error, "denied", "")))
    )
    return " < ".join([name, *(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))])
