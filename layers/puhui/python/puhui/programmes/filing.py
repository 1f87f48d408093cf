"""A programme that a city or a company files: its author and whoever starts it are two people. Pure rules on values.

| version    | who moves it on, by which operation                          | to         | what members see |
|------------|--------------------------------------------------------------|------------|------------------|
| (new)      | its author, ``file_programme``                               | draft      | nothing |
| draft      | its author, by filing another document                       | draft      | nothing |
|            | another person who read it, ``start_programme``              | running    | the programme counts acts by it within a minute |
| running    | whoever starts a later version                               | superseded | acts of before keep it |
| superseded |                                                              |            | |

A version is a draft until somebody else starts it; from then on it counts acts and never changes. A later version takes its
place in the same way, and it is superseded: so also a gate is opened, or a price of points changed, by two people and never in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from puhui.kernel.documents import Document, content_hash
from puhui.programmes.errors import (
    AuthorMayNotStart,
    VersionChanged,
    VersionNotNewer,
    VersionStarted,
    VersionTaken,
)

DRAFT, RUNNING, SUPERSEDED = "draft", "running", "superseded"


@dataclass(frozen=True)
class Filed:
    """One version as filed. ``at``: when it was filed or started last; ``started_key``: by which idempotency key ("": without
    one). One that was started keeps that status; whether another one took its place since, ``status_after`` says."""

    document: Document
    hash: str
    author: str
    at: datetime
    status: str = DRAFT
    started_by: str = ""
    started_key: str = ""

    @property
    def id(self) -> str:
        """The programme."""
        return str(self.document["id"])

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.document["version"])


def file(existing: Filed | None, document: Mapping[str, Any], author: str, now: datetime) -> Filed:
    """The draft; the existing one when it is the same. Raises VersionTaken, VersionStarted."""
    proposed = Filed(document, content_hash(document), author, now)
    if existing is None:
        return proposed
    if existing.hash == proposed.hash and existing.author == author:
        return existing
    if existing.status == RUNNING:
        raise VersionStarted
    if existing.author != author:
        raise VersionTaken
    return proposed


def status_after(filed: Filed, running: str | None) -> str:
    """What the version is while ``running`` counts acts: versions only follow later ones."""
    replaced = filed.status == RUNNING and running is not None and order(filed.version) < order(running)
    return SUPERSEDED if replaced else filed.status


def start(filed: Filed, by: str, read_hash: str, now: datetime, running: str | None, key: str = "") -> Filed:
    """The version, started by somebody who read it, after ``running``. Starting it again changes nothing while it runs; the
    request that started it (``key``) is answered in the same way for ever.

    Raises AuthorMayNotStart, VersionChanged, VersionNotNewer.
    """
    if filed.author == by:
        raise AuthorMayNotStart
    if filed.hash != read_hash:
        raise VersionChanged
    known = filed.status == RUNNING and key and key == filed.started_key
    if known or status_after(filed, running) == RUNNING:
        return filed
    if running is not None and order(filed.version) <= order(running):
        raise VersionNotNewer(running=running)
    return replace(filed, status=RUNNING, started_by=by, at=now, started_key=key)


def order(version: str) -> tuple[int, str]:
    """Versions in order: 2 before 10."""
    return (int(version), "") if version.isdecimal() else (0, version)
