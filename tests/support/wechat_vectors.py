"""Published examples of WeChat's cryptography; each keeps its source."""

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def flipped(text: str, position: int = 0) -> str:
    """``text`` with one character changed, still of the same alphabet."""
    other = "B" if text[position] == "A" else "A" if text[position].isupper() else "0"
    other = "1" if other == text[position] else other
    return text[:position] + other + text[position + 1 :]
