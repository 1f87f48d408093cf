"""A review as a pure value.

| state   | who moves it on, by which operation                        | to      | what follows |
|---------|------------------------------------------------------------|---------|--------------|
| (new)   | the verification, ``request_review``                       | open    | the act waits; verifiers see it in ``list_reviews`` |
| open    | a verifier, ``decide_review``                              | decided | the verification goes on with the decision |
|         | the verification after ``expires_at``, ``close_review``    | expired | the act expires (REVIEW_EXPIRED) |
| decided |                                                            |         | the same request again gets the same answer |
| expired |                                                            |         | |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

OPEN, DECIDED, EXPIRED = "open", "decided", "expired"


@dataclass(frozen=True)
class Review:
    """An act that waits for a person, or was decided by one. ``credits_mg`` and ``points`` (of this act alone) are what it gives when it
    is approved. A review of before November 30 2026 has no ``quantity``: what was reported and what is at stake is not known."""

    id: str
    activity_id: str
    member_id: str
    programme_id: str
    behaviour: str
    occurred_at: datetime
    submitted_at: datetime
    expires_at: datetime
    score: int
    signals: tuple[str, ...]
    evidence_ids: tuple[str, ...]
    state: str = OPEN
    decision: str = ""
    reason_code: str = ""
    note: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    task_token: str = field(default="", repr=False)
    quantity: Mapping[str, Any] = field(default_factory=dict)
    ended_at: datetime | None = None
    credits_mg: int = 0
    points: int = 0
