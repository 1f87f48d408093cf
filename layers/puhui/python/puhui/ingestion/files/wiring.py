"""Partners' files as the environment of a function names them."""

import os

from puhui.ingestion.files.repository import Files
from puhui.store.client import DynamoDB


def files_from_environment() -> Files:
    """The table that INGESTION_TABLE names."""
    return Files(DynamoDB(), os.environ["INGESTION_TABLE"])
