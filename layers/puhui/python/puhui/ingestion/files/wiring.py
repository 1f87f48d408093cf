"""Partners' files as the environment of a function names them."""

import os

from puhui.ingestion.files.repository import Files
from puhui.partners.webhooks.api import Webhooks
from puhui.store.client import DynamoDB


def files_from_environment() -> Files:
    """The tables that INGESTION_TABLE and, for webhooks, PARTNERS_TABLE name."""
    return Files(DynamoDB(), os.environ["INGESTION_TABLE"], Webhooks.from_environment())
