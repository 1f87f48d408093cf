"""What other contexts may ask of the journal: erasing a subject."""

from puhui.journal.dynamo import Journal
from puhui.journal.usecases import erase

__all__ = ["Journal", "erase"]
