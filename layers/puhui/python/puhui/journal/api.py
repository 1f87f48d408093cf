"""What other contexts may ask of the journal: erasing a subject, and reading as its readers do."""

from puhui.journal.dynamo import Journal
from puhui.journal.usecases import Reader, erase

__all__ = ["Journal", "Reader", "erase"]
