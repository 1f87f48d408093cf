"""Announcing a picture, inspecting what was uploaded, and the platform's check of its content."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from puhui.activities.evidence.fingerprints import Fingerprints
from puhui.activities.evidence.model import Evidence, Picture
from puhui.activities.evidence.repository import EvidenceRepository
from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session

UPLOAD_SECONDS = 900
ADDRESS_SECONDS = 3600  # the platform and the reviewer fetch a picture within the hour
SIDE_PIXELS_MIN = 240  # below this a turnstile or a switch cannot be made out
PASSES_LATER = {"WX_BUSY", "UNAVAILABLE"}
CONTENT_RISKY = "WX_CONTENT_RISKY"


class EvidenceStore(Protocol):
    """Where pictures are kept."""

    def upload(
        self, object_key: str, content_type: str, size: int, sha256: str, seconds: int, /
    ) -> dict[str, Any]:
        """``{"url", "fields"}`` of a presigned POST for exactly this object."""

    def address(self, object_key: str, seconds: int, /) -> str:
        """An address from which the picture can be fetched for a while."""

    def take(self, evidence: Evidence, /) -> Picture | None:
        """Keep what was uploaded, where no form can write, and inspect what is kept; None when nothing came."""


def prepare_evidence(
    member_id: str,
    content_type: str,
    size: int,
    sha256: str,
    *,
    key: str | None,
    body_hash: str,
    repository: EvidenceRepository,
    store: EvidenceStore,
    now: datetime,
) -> tuple[Evidence, dict[str, Any], datetime]:
    """Announce a picture; the evidence, where to upload it, and until when. The same key names the same evidence."""
    evidence_id = ids.key_id(member_id, "evidence", key) if key else ids.new_id(now)
    evidence = Evidence(evidence_id, member_id, content_type, size, sha256, now, body_hash)
    session = Session(repository.dynamodb)
    repository.add(session, evidence)
    with suppress(AlreadyExists):
        session.commit()
    upload = store.upload(evidence.upload_key, content_type, size, sha256, UPLOAD_SECONDS)
    return evidence, upload, now + timedelta(seconds=UPLOAD_SECONDS)


def inspect_evidence(
    member_id: str,
    evidence_id: str,
    *,
    repository: EvidenceRepository,
    fingerprints: Fingerprints,
    store: EvidenceStore,
    now: datetime,
) -> dict[str, Any]:
    """Whether the file is there, is the announced picture, and was not used before by anyone. From now on the copy that was
    inspected is the evidence, whatever is uploaded later.

    The check for ``risk.assess``: ``{"evidence_id", "reason_code", "signals"}``.
    """
    evidence = repository.find(member_id, evidence_id)
    check: dict[str, Any] = {"evidence_id": evidence_id, "reason_code": "", "signals": []}
    picture = store.take(evidence)
    if picture is None:
        return {**check, "reason_code": "FILE_MISSING"}
    if (picture.sha256, picture.size) != (evidence.sha256, evidence.size):
        return {**check, "reason_code": "FILE_CHANGED"}
    if picture.reason_code:
        return {**check, "reason_code": picture.reason_code}
    if picture.content_type != evidence.content_type:
        return {**check, "reason_code": "FILE_TYPE"}
    if not fingerprints.claim(picture.sha256, evidence_id, now):
        return {**check, "reason_code": "EVIDENCE_REUSED"}
    found = {
        "PHOTO_SMALL": min(picture.width, picture.height) < SIDE_PIXELS_MIN,
        "PHOTO_FLAT": picture.flat,
        "PHOTO_ANIMATED": picture.animated,
    }
    signals = [signal for signal, holds in found.items() if holds]
    match = fingerprints.match(picture, evidence_id, now)
    return {**check, "signals": [*signals, *([match.value] if match.value else [])]}


def request_content_check(
    ask: Callable[[], str], task_token: str, evidence_id: str, *, repository: EvidenceRepository
) -> str:
    """Ask the platform about a picture; the trace id of its verdict. ``ask`` raises what the platform answers.

    Every answer has an end: a busy platform is asked again (raised), a refusal of the content is the verdict, and any other one,
    which no repetition mends, leaves the picture to a person. We keep our own verdicts under a trace id that no platform gives.
    """
    try:
        trace_id = ask()
    except DomainError as refusal:
        if refusal.code in PASSES_LATER:
            raise
        trace_id = f"evidence:{evidence_id}"
        content_verdict(
            trace_id, "risky" if refusal.code == CONTENT_RISKY else "error", repository=repository
        )
    repository.add_to_check(trace_id, {"task_token": task_token, "evidence_id": evidence_id})
    return trace_id


def content_verdict(trace_id: str, suggest: str, *, repository: EvidenceRepository) -> None:
    """Remember the platform's verdict: pass, review, risky, or error when it could not tell."""
    repository.add_to_check(trace_id, {"suggest": suggest})


def content_check(suggest: str, evidence_id: str) -> dict[str, Any]:
    """The check that a verdict amounts to. Only a pass says that nothing was found: whatever else comes is for a person."""
    signals = {"pass": [], "risky": [], "review": ["CONTENT_REVIEW"]}.get(suggest, ["CONTENT_UNCHECKED"])
    reason = "CONTENT_RISKY" if suggest == "risky" else ""
    return {"evidence_id": evidence_id, "reason_code": reason, "signals": signals}
