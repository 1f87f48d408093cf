"""The tables that ingestion reads and writes: built once a function."""

from dataclasses import dataclass

from puhui.activities import recording_api as activities
from puhui.ingestion.repository import Ingestion
from puhui.partners.data_partners.api import DataPartners


@dataclass(frozen=True)
class Tables:
    """Partners (read), acts and accounts (written), and ingestion's own."""

    partners: DataPartners
    activities: activities.Tables
    ingestion: Ingestion

    @classmethod
    def from_environment(cls) -> "Tables":
        """The tables that PARTNERS_TABLE, ACTIVITIES_TABLE, LEDGER_TABLE and INGESTION_TABLE name."""
        return cls(
            DataPartners.from_environment(),
            activities.Tables.from_environment(),
            Ingestion.from_environment(),
        )
