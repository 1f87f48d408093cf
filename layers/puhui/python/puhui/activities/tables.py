"""The tables that the use cases read and write: built once per function, from environment variables."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from puhui.activities.acts.repository import Acts, Days
from puhui.activities.claims.repository import Shares
from puhui.activities.evidence.repository import EvidenceRepository
from puhui.activities.households.repository import Households
from puhui.activities.memberships import Memberships
from puhui.activities.risk.records import RiskRecords
from puhui.ledger.api import Ledger
from puhui.members.capture_api import Consents
from puhui.store.answers import Answers
from puhui.store.client import DynamoDB

if TYPE_CHECKING:
    from puhui.activities.appeals.repository import Appeals
    from puhui.activities.evidence.clusters import Clusters
    from puhui.activities.reviews.repository import Reviews
    from puhui.activities.tracks.repository import Tracks
    from puhui.store.sealing import Sealer


class Activities:
    """The activities' table: a repository for each aggregate."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.acts = Acts(dynamodb, table)
        self.days = Days(dynamodb, table)
        self.shares = Shares(dynamodb, table)
        self.memberships = Memberships(dynamodb, table)
        self.households = Households(dynamodb, table)
        self.evidence = EvidenceRepository(dynamodb, table)
        self.risk = RiskRecords(dynamodb, table)
        self.answers = Answers(dynamodb, table)

    @cached_property
    def reviews(self) -> "Reviews":
        """The acts that wait for a person; what credits at once does not pay for the import."""
        from puhui.activities.reviews.repository import Reviews  # noqa: PLC0415

        return Reviews(self.dynamodb, self.table)

    @cached_property
    def clusters(self) -> "Clusters":
        """The pictures that are nearly the same."""
        from puhui.activities.evidence.clusters import Clusters  # noqa: PLC0415

        return Clusters(self.dynamodb, self.table)

    @cached_property
    def appeals(self) -> "Appeals":
        """Members' appeals."""
        from puhui.activities.appeals.repository import Appeals  # noqa: PLC0415

        return Appeals(self.dynamodb, self.table)

    @cached_property
    def sealer(self) -> "Sealer":
        """What seals and names what is sensitive, by the keys of DATA_SECRET; most acts need none of it."""
        from puhui.store import secrets  # noqa: PLC0415
        from puhui.store.sealing import Sealer  # noqa: PLC0415

        return Sealer.from_secret(secrets.read(os.environ["DATA_SECRET"]))

    @cached_property
    def tracks(self) -> "Tracks":
        """The tracks of trips; most acts have none, and do not pay for the import."""
        from puhui.activities.tracks.repository import Tracks  # noqa: PLC0415

        return Tracks(self.dynamodb, self.table, lambda: self.sealer)

    @classmethod
    def from_environment(cls) -> "Activities":
        """The table that the environment variable ACTIVITIES_TABLE names."""
        return cls(DynamoDB(), os.environ["ACTIVITIES_TABLE"])


@dataclass(frozen=True)
class Tables:
    """The two tables a credited act is written to. ``consents``: where it is read what its member agreed to; None where a test is about
    something else."""

    activities: Activities
    ledger: Ledger
    consents: Consents | None = None

    @classmethod
    def from_environment(cls) -> "Tables":
        """The tables that ACTIVITIES_TABLE, LEDGER_TABLE and MEMBERS_TABLE name."""
        return cls(Activities.from_environment(), Ledger.from_environment(), Consents.from_environment())
