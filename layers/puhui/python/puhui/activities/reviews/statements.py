"""Third parties decide a batch of reviews by a signed statement: who, which batch, each decision, and when, in canonical JSON under an
Ed25519 signature. It is kept as it came, with its hash, so that who decided can neither deny nor change it.

| item      | owner (hash)         | entry (range) | holds |
|-----------|----------------------|---------------|-------|
| key       | verifier:<member id> | key#<key id>  | the public key |
| statement | verifier:<member id> | S#<batch>     | the statement and its signature |

    {"at": "2026-12-01T09:00:00+08:00", "batch": "2026-12-01-a", "decisions": [{"decision": "refuse", "lease": 1, "reason_code":
    "NOT_THE_ACT", "review_id": "01K..."}], "type": "puhui-review-statement", "v": 1, "verifier": "01K..."}

Canonical: keys in order, no white space, UTF-8 (RFC 8785 for these values).
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from puhui.activities.errors import StatementInvalid, StatementSignature
from puhui.activities.reviews.model import BATCH, DECIDED, Reviewer, Vote
from puhui.activities.reviews.repository import Reviews
from puhui.activities.reviews.usecases import Effects, decide_review
from puhui.kernel import clock
from puhui.kernel.errors import DomainError, IdempotencyKeyReused, Unavailable
from puhui.store.records import Record
from puhui.store.session import Session

TYPE, VERSION = "puhui-review-statement", 1
DECISIONS_MAX = 50
_FIELDS = {"at", "batch", "decisions", "type", "v", "verifier"}
REASONS = ("NOT_THE_ACT", "PICTURE_UNREADABLE", "QUANTITY_DIFFERS", "ALREADY_COUNTED", "NOT_ALLOWED_BY_RULES")
_OF_DECISION = {"decision", "lease", "review_id"}


@dataclass(frozen=True)
class Statement:
    """A statement as it was signed."""

    verifier: str
    batch: str
    text: str
    key_id: str
    signature: str
    received_at: datetime

    @property
    def sha256(self) -> str:
        """The hash of the text and its signature: what the journal commits to."""
        return hashlib.sha256(f"{self.text}\n{self.signature}".encode()).hexdigest()


@dataclass(frozen=True)
class VerifierKey:
    """A third party's public key."""

    verifier: str
    id: str
    public: str
    added_by: str
    added_at: datetime


STATEMENT = Record(Statement, owner="verifier:{verifier}", entry="S#{batch}")
KEY = Record(VerifierKey, owner="verifier:{verifier}", entry="key#{id}")


def add_key(verifier: str, public: str, added_by: str, *, reviews: Reviews, now: datetime) -> VerifierKey:
    """Register a third party's key (32 bytes, base64). Raises StatementInvalid."""
    raw = _decoded(public)
    if len(raw) != 32 or verifier == added_by:
        raise StatementInvalid
    key = VerifierKey(verifier, hashlib.sha256(raw).hexdigest()[:16], public, added_by, now)
    session = Session(reviews.dynamodb)
    session.put(reviews.table, KEY.item(key))
    session.commit()
    return key


def submit(
    reviewer: Reviewer,
    text: str,
    key_id: str,
    signature: str,
    *,
    reviews: Reviews,
    effects: Effects,
    now: datetime,
) -> tuple[Statement, list[dict[str, Any]]]:
    """Check a statement, keep it, and decide each of its reviews: what became of them, in the statement's order. The same statement again
    finishes what was left and gives the same results.

    Raises StatementInvalid, StatementSignature, IdempotencyKeyReused for another statement about the same batch.
    """
    content = _content(text, reviewer, now)
    _require_signed(reviewer.id, text, key_id, signature, reviews)
    statement = Statement(reviewer.id, content["batch"], text, key_id, signature, now)
    statement = _kept(statement, reviews)
    at = clock.from_text(content["at"])
    results = [_decide(each, reviewer, at, reviews, effects) for each in content["decisions"]]
    return statement, results


def _content(text: str, reviewer: Reviewer, now: datetime) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(text)
        canonical = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        decisions = content["decisions"]
        fits = (
            content.keys() == _FIELDS
            and (content["type"], content["v"], content["verifier"]) == (TYPE, VERSION, reviewer.id)
            and canonical == text
            and isinstance(content["batch"], str)
            and 1 <= len(content["batch"]) <= 64
            and 1 <= len(decisions) <= DECISIONS_MAX
            and all(_fits(each) for each in decisions)
            and len({each["review_id"] for each in decisions}) == len(decisions)
            and abs(now - clock.from_text(content["at"])) <= BATCH
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StatementInvalid from None
    if not fits:
        raise StatementInvalid
    return content


def _fits(decision: dict[str, Any]) -> bool:
    named = decision.keys() - {"reason_code", "note"}
    texts = [decision.get(name, "") for name in ("review_id", "decision", "reason_code", "note")]
    return (
        named == _OF_DECISION
        and all(isinstance(text, str) and len(text) <= 500 for text in texts)
        and type(decision["lease"]) is int
        and (decision["decision"] == "approve" or decision.get("reason_code") in REASONS)
        and decision["decision"] in ("approve", "refuse")
    )


def _require_signed(verifier: str, text: str, key_id: str, signature: str, reviews: Reviews) -> None:
    item = reviews.dynamodb.get(reviews.table, KEY.key(verifier=verifier, id=key_id))
    if item is None:
        raise StatementSignature
    public = Ed25519PublicKey.from_public_bytes(_decoded(KEY.read(item).public))
    try:
        public.verify(_decoded(signature), text.encode())
    except (InvalidSignature, StatementInvalid):
        raise StatementSignature from None


def _kept(statement: Statement, reviews: Reviews) -> Statement:
    """The statement, on record before anything is decided by it; or the same one that came before."""
    key = STATEMENT.key(verifier=statement.verifier, batch=statement.batch)
    if before := reviews.dynamodb.get(reviews.table, key):
        found = STATEMENT.read(before)
        if found.text != statement.text:
            raise IdempotencyKeyReused
        return found
    session = Session(reviews.dynamodb)
    session.put(reviews.table, STATEMENT.item(statement), unless="entry", error=Unavailable())
    session.commit()
    return statement


def _decide(
    given: dict[str, Any], reviewer: Reviewer, at: datetime, reviews: Reviews, effects: Effects
) -> dict[str, Any]:
    vote = Vote(reviewer.id, given["decision"], given.get("reason_code", ""), given.get("note", ""), at)
    try:
        review = decide_review(
            given["review_id"], reviewer, vote, given["lease"], reviews=reviews, effects=effects
        )
    except Unavailable:
        raise  # the same statement again goes on here
    except DomainError as refusal:
        return {"review_id": given["review_id"], "state": "refused", "code": refusal.code}
    return {"review_id": review.id, "state": "decided" if review.state == DECIDED else "proposed"}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise StatementInvalid from None
