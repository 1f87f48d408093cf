"""Statements that are too long for an answer: written to S3 part by part, read by a presigned link."""

import os
from collections.abc import Iterable

from puhui.store.uploads import UploadBucket


class StatementFiles(UploadBucket):
    """CSV files, one object each; the bucket's rules remove them after days."""

    @classmethod
    def from_environment(cls) -> "StatementFiles":
        """The bucket that STATEMENTS_BUCKET names."""
        return cls(os.environ["STATEMENTS_BUCKET"])

    def write_lines(self, object_key: str, lines: Iterable[str]) -> None:
        """Write the lines: memory holds one part, whatever their number."""
        self.write(object_key, (line.encode() for line in lines), "text/csv; charset=utf-8")
