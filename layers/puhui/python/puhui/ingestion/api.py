"""What other contexts may ask of ingestion."""

from puhui.ingestion.model import Record, Result, totals
from puhui.ingestion.records import take
from puhui.ingestion.tables import Tables

__all__ = ["Record", "Result", "Tables", "take", "totals"]
