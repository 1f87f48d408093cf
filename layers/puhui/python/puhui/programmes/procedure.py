"""Filing and starting a programme on the table: each step is one transaction; of two at once one reads again."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.programmes import filing, presets
from puhui.programmes.dynamo import Programmes
from puhui.programmes.errors import ProgrammeNotFound, ProgrammeShipped
from puhui.programmes.filing import Filed
from puhui.store.session import Session, attempt


def file(document: Mapping[str, Any], author: str, now: datetime, *, table: Programmes) -> Filed:
    """File a document that was checked. The same again changes nothing. Raises ProgrammeShipped and as ``filing.file``."""
    programme_id, version = document["id"], document["version"]
    if programme_id in presets.ids():
        raise ProgrammeShipped(programme_id=programme_id)

    def build(session: Session) -> Filed:
        standing = table.filed(programme_id, version)
        filed = filing.file(standing, document, author, now)
        if filed is not standing:
            table.put_filed(session, standing, filed)
        return filed

    return attempt(table.dynamodb, build)


def start(
    programme_id: str,
    version: str,
    by: str,
    read_hash: str,
    now: datetime,
    *,
    table: Programmes,
    also: Callable[[Session, Filed], None],
) -> Filed:
    """Let a filed version count acts; ``also`` adds what else has to happen with it. Starting it again changes nothing.

    Raises ProgrammeNotFound and as ``filing.start``.
    """

    def build(session: Session) -> Filed:
        running = table.running(
            programme_id
        )  # before the version, so that it is this one only if the version says so
        standing = find(programme_id, version, table=table)
        before = running["version"] if running else None
        started = filing.start(standing, by, read_hash, now, before)
        if started is not standing:
            table.put_filed(session, standing, started)
            table.put_running(session, started, before)
            also(session, started)
        return started

    return attempt(table.dynamodb, build)


def find(programme_id: str, version: str, *, table: Programmes) -> Filed:
    """A version, whatever its status. Raises ProgrammeNotFound."""
    filed = table.filed(programme_id, version)
    if filed is None:
        raise ProgrammeNotFound
    return filed


def shown(filed: Filed) -> dict[str, Any]:
    """The contract's FiledProgramme."""
    return {
        "id": filed.id,
        "version": filed.version,
        "hash": filed.hash,
        "status": filed.status,
        "author": filed.author,
        "at": clock.to_text(filed.at),
        "document": dict(filed.document),
        **({"started_by": filed.started_by} if filed.started_by else {}),
    }
