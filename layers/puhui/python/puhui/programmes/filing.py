"""A programme that a city or a company files: its author and whoever starts it are two people. Pure rules on values.

A version is a draft until somebody else starts it; from then on it counts acts and never changes. A later version takes its
place in the same way: so also a gate is opened, or a price of points changed, by two people and never in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from puhui.kernel.documents import content_hash
from puhui.programmes.errors import (
    AuthorMayNotStart,
    VersionChanged,
    VersionNotNewer,
    VersionStarted,
    VersionTaken,
)

DRAFT, RUNNING = "draft", "running"


@dataclass(frozen=True)
class Filed:
    """One version as filed. ``at``: when it was filed or started last."""

    document: Mapping[str, Any]
    hash: str
    author: str
    at: datetime
    status: str = DRAFT
    started_by: str = ""

    @property
    def id(self) -> str:
        """The programme."""
        return str(self.document["id"])

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.document["version"])


def file(standing: Filed | None, document: Mapping[str, Any], author: str, now: datetime) -> Filed:
    """The draft; the one that stands when it is the same. Raises VersionTaken, VersionStarted."""
    proposed = Filed(document, content_hash(document), author, now)
    if standing is None:
        return proposed
    if standing.hash == proposed.hash and standing.author == author:
        return standing
    if standing.status == RUNNING:
        raise VersionStarted
    if standing.author != author:
        raise VersionTaken
    return proposed


def start(filed: Filed, by: str, read_hash: str, now: datetime, running: str | None) -> Filed:
    """The version, started by somebody who read it, after ``running``.

    Raises AuthorMayNotStart, VersionChanged, VersionNotNewer.
    """
    if filed.author == by:
        raise AuthorMayNotStart
    if filed.hash != read_hash:
        raise VersionChanged
    if filed.status == RUNNING:
        return filed
    if running is not None and order(filed.version) <= order(running):
        raise VersionNotNewer(running=running)
    return replace(filed, status=RUNNING, started_by=by, at=now)


def order(version: str) -> tuple[int, str]:
    """Versions in order: 2 before 10."""
    return (int(version), "") if version.isdecimal() else (0, version)
