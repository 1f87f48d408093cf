"""The notice that guardians agree to: the eight statements of the rules on children's information, as one versioned document."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

STATEMENTS = (
    "purpose",
    "way",
    "scope",
    "storage",
    "measures",
    "refusal_consequences",
    "complaints",
    "correction_and_deletion",
)


@cache
def guardian_notice() -> dict[str, Any]:
    """The contract's ``GuardianNotice``, with the hash that a guardianship keeps."""
    text = Path(__file__).with_name("guardian_notice.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return document | {"hash": hashlib.sha256(canonical.encode()).hexdigest()}
