"""A partner's file as the contract's ``PartnerFile``."""

from datetime import datetime, timedelta
from typing import Any

from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.model import AWAITING, DONE, RESULT_SECONDS, PartnerFile, Totals
from puhui.kernel import clock, words


def body(file: PartnerFile, bucket: PartnerFiles, now: datetime) -> dict[str, Any]:
    """The file, with the form of its upload while that is awaited, and with where its result is once there is one."""
    shown: dict[str, Any] = {
        "id": file.id,
        "file": file.file,
        "format": file.format,
        "sha256": file.sha256,
        "size": file.size,
        "rows": file.rows,
        "status": file.status,
        "announced_at": clock.to_text(file.announced_at),
    }
    if file.status == AWAITING:
        shown["upload"] = bucket.form(file)
    if file.ended_at:
        shown["ended_at"] = clock.to_text(file.ended_at)
    if file.code:
        shown |= {"code": file.code, "reason": words.reason(file.code)}
        shown |= {"found": file.found} if file.found is not None else {}
    if file.totals:
        shown["totals"] = _totals(file.totals)
    if file.status == DONE:
        until = now.replace(microsecond=0) + timedelta(seconds=RESULT_SECONDS)
        url = bucket.address(file.result_key, RESULT_SECONDS)
        shown["result"] = {"url": url, "expires_at": clock.to_text(until)}
    return shown


def _totals(totals: Totals) -> dict[str, Any]:
    names = ("rows", "credited", "refused", "duplicate", "waiting")
    behaviours = [
        {"behaviour": behaviour, "rows": dict(sums.rows), "quantity": dict(sums.quantity)}
        for behaviour, sums in sorted(totals.behaviours.items())
    ]
    return {name: getattr(totals, name) for name in names} | {"behaviours": behaviours}
