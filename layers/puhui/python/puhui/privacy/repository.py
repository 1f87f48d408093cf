"""The privacy table.

| item     | owner (hash)        | entry (range)  | in |
|----------|---------------------|----------------|----|
| export   | member:<id>         | X#<export id>  | exports.repository: the export; work, next_check_at (index) while it is not over |
| running  | member:<id>         | running        | exports.repository: export_id: the one that is being put together |
| erasure  | member:<id>         | erasure        | erasures.repository: the erasure; work, next_check_at (index) |
| import   | member:<id>         | I#<source id>  | imports.repository: a history from elsewhere: its sums |
| act      | member:<id>         | H#<source id>#<n> | imports.repository: an act of it, marked imported |
| source   | source:<id>         | source         | imports.repository: to whom the history of this account of another log was imported, by which manifest |

Index ``work_by_next_check`` (work, next_check_at), keys only: see ``work.py``.
"""

import os

from puhui.privacy.erasures.repository import Erasures
from puhui.privacy.exports.repository import Exports
from puhui.privacy.imports.repository import Imports
from puhui.store.client import DynamoDB


class Privacy:
    """The table's repositories. Functions build it once, use cases get it."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.exports = Exports(dynamodb, table)
        self.erasures = Erasures(dynamodb, table)
        self.imports = Imports(dynamodb, table)

    @classmethod
    def from_environment(cls) -> "Privacy":
        """The table that PRIVACY_TABLE names."""
        return cls(DynamoDB(), os.environ["PRIVACY_TABLE"])
