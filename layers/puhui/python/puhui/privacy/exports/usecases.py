"""Ask for an export, look how far it is, get its address once; and what the machine and the schedule do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from puhui.kernel import clock, ids
from puhui.privacy.erasures.model import require_fresh
from puhui.privacy.errors import ExportFetched, ExportNotReady, ExportOver
from puhui.privacy.exports.model import (
    EXPIRED,
    FAILED,
    FETCHED,
    FIRST_CHECK_AFTER,
    GATHERING,
    KEPT,
    LINK_SECONDS,
    READY,
    READY_WITHIN,
    Export,
)
from puhui.privacy.exports.repository import Exports
from puhui.store.session import Session

Start = Callable[[Export], bool]
"""Start the machine of an export, again where it has failed; whether it was started now."""


class Addresses(Protocol):
    """The bucket of exports."""

    def address(self, object_key: str, seconds: int) -> str: ...
    def delete_all(self, prefix: str) -> int: ...
    def abort_all(self, prefix: str) -> int: ...


def export_me(
    member_id: str, key: str | None, body_hash: str, *, exports: Exports, start: Start, now: datetime
) -> Export:
    """Ask for an export; the same request again is the same export. Raises ExportRunning, IdempotencyKeyReused."""
    export_id = ids.key_id(member_id, "export", key) if key else ids.new_id(now)
    wanted = Export(
        export_id,
        member_id,
        GATHERING,
        now.replace(microsecond=0),
        body_hash,
        next_check_at=now + FIRST_CHECK_AFTER,
    )
    export = exports.add(wanted)
    if export.status == GATHERING:
        start(export)
    return export


def open_export(
    member_id: str,
    export_id: str,
    key: str | None,
    session_id: str,
    *,
    exports: Exports,
    bucket: Addresses,
    now: datetime,
) -> dict[str, Any]:
    """The address of a file that is ready, once, to whoever signed in just now; asked again with the same idempotency key while it works,
    the same. Raises ExportNotFound, SignInAgain, ExportNotReady, ExportOver, ExportFetched."""
    require_fresh(session_id, now)
    link_key = ids.key_id("link", key) if key else ids.new_id(now)

    def fetch(export: Export) -> Export:
        status = export.as_of(now)
        if status == GATHERING:
            raise ExportNotReady(status=status)
        if status in (EXPIRED, FAILED):
            raise ExportOver
        if status == FETCHED:
            if export.link_key != link_key or _left(export, now) <= 0:
                raise ExportFetched
            return export
        return replace(export, status=FETCHED, link_key=link_key, fetched_at=now.replace(microsecond=0))

    fetched = exports.change(member_id, export_id, fetch)
    seconds = _left(fetched, now)
    ends = now + timedelta(seconds=seconds)
    return {"url": bucket.address(fetched.object_key, seconds), "expires_at": clock.to_text(ends)}


def _left(export: Export, now: datetime) -> int:
    """How many seconds its address still works."""
    until = (export.fetched_at or now) + timedelta(seconds=LINK_SECONDS)
    if export.expires_at:
        until = min(until, export.expires_at)
    return int((until - now).total_seconds())


def close_export(
    member_id: str,
    export_id: str,
    size: int = 0,
    manifest_sha256: str = "",
    *,
    failed: bool = False,
    exports: Exports,
    now: datetime,
    count: Callable[[Session], None] | None = None,
) -> Export:
    """Say how an export ended, once; another may be asked for then. ``count`` adds one that is ready to what is counted."""

    def close(export: Export) -> Export:
        if export.status != GATHERING:
            return export
        if failed:
            return replace(export, status=FAILED, next_check_at=None)
        ready_at = now.replace(microsecond=0)
        return replace(
            export,
            status=READY,
            ready_at=ready_at,
            next_check_at=ready_at + KEPT,
            size=size,
            manifest_sha256=manifest_sha256,
        )

    return exports.change(member_id, export_id, close, over=True, also=None if failed else count)


def look_after(
    member_id: str, export_id: str, *, exports: Exports, bucket: Addresses, start: Start, now: datetime
) -> str:
    """What the schedule does with an export that is due: its machine is started, or the export ends. What was done, in a word."""
    export = exports.find(member_id, export_id)
    if export.status == GATHERING:
        age = now - export.asked_at
        if age < READY_WITHIN:
            started = start(export)
            exports.check_again(export, min(export.asked_at + 2 * age, export.asked_at + READY_WITHIN))
            return "started" if started else "waiting"
        close_export(member_id, export_id, failed=True, exports=exports, now=now)
        _remove(export, bucket)
        return "failed"
    if export.as_of(now) == EXPIRED:
        _remove(export, bucket)
        over = replace(export, status=EXPIRED, next_check_at=None)
        exports.change(member_id, export_id, lambda _: over)
        return "expired"
    return "waiting"


def _remove(export: Export, bucket: Addresses) -> None:
    bucket.abort_all(export.folder)
    bucket.delete_all(export.folder)
