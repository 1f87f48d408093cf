"""Statements that are too long for an answer: written to S3 part by part, read by a presigned link."""

import os
from collections.abc import Iterable
from typing import Any

from puhui.store.uploads import UploadBucket

PART_BYTES = 5 * 1024 * 1024  # S3's least for all but the last part


class StatementFiles(UploadBucket):
    """CSV files, one object each; the bucket's rules remove them after days."""

    @classmethod
    def from_environment(cls) -> "StatementFiles":
        """The bucket that STATEMENTS_BUCKET names."""
        return cls(os.environ["STATEMENTS_BUCKET"])

    def write(self, object_key: str, lines: Iterable[str]) -> None:
        """Write the lines in parts of 5 MB: memory holds one part, whatever their number."""
        where = {"Bucket": self.bucket, "Key": object_key}
        upload = self._s3.create_multipart_upload(**where, ContentType="text/csv; charset=utf-8")["UploadId"]
        parts: list[dict[str, Any]] = []
        try:
            for number, part in enumerate(_parts(lines), 1):
                sent = self._s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=part)
                parts.append({"ETag": sent["ETag"], "PartNumber": number})
            self._s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
        except BaseException:
            self._s3.abort_multipart_upload(**where, UploadId=upload)
            raise


def _parts(lines: Iterable[str]) -> Iterable[bytes]:
    part = bytearray()
    for line in lines:
        part += line.encode()
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)
