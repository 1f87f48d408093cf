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
from puhui.activities.reviews.repository import Reviews
from puhui.activities.risk.records import RiskRecords
from puhui.ledger.api import Ledger
from puhui.store.answers import Answers
from puhui.store.client import DynamoDB

if TYPE_CHECKING:
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
        self.reviews = Reviews(dynamodb, table)
        self.risk = RiskRecords(dynamodb, table)
        self.answers = Answers(dynamodb, table)

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
    """The two tables a credited act is written to."""

    activities: Activities
    ledger: Ledger

    @classmethod
    def from_environment(cls) -> "Tables":
        """The tables that ACTIVITIES_TABLE and LEDGER_TABLE name."""
        return cls(Activities.from_environment(), Ledger.from_environment())
