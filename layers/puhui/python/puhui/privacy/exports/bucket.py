"""The bucket of exports: a file is written part by part, read by an address that works for minutes, and removed by the bucket's rules."""

import json
import os
from typing import Any

from puhui.store.uploads import UploadBucket

PART_BYTES = 8 * 1024 * 1024  # 10,000 parts of it are 80 GB; S3's least is 5 MB for all but the last


class ExportBucket(UploadBucket):
    """One folder an export: the file, and ``progress.json`` while it is put together."""

    @classmethod
    def from_environment(cls) -> "ExportBucket":
        """The bucket that EXPORTS_BUCKET names."""
        return cls(os.environ["EXPORTS_BUCKET"])

    def begin(self, object_key: str) -> str:
        """A new file in parts; the upload's id."""
        upload: str = self._s3.create_multipart_upload(
            Bucket=self.bucket, Key=object_key, ContentType="application/zip"
        )["UploadId"]
        return upload

    def put_part(self, object_key: str, upload: str, number: int, part: bytes) -> str:
        """Write a part; its tag. Written again it takes the place of the first."""
        tag: str = self._s3.upload_part(
            Bucket=self.bucket, Key=object_key, UploadId=upload, PartNumber=number, Body=part
        )["ETag"]
        return tag

    def complete(self, object_key: str, upload: str, tags: list[str]) -> None:
        """Put the parts together, exactly those with these tags. Done before, nothing happens."""
        if self.holds(object_key):
            return
        parts = [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, 1)]
        self._s3.complete_multipart_upload(
            Bucket=self.bucket, Key=object_key, UploadId=upload, MultipartUpload={"Parts": parts}
        )

    def put_progress(self, object_key: str, progress: dict[str, Any]) -> None:
        """Write down how far it is."""
        body = json.dumps(progress, separators=(",", ":")).encode()
        self._s3.put_object(Bucket=self.bucket, Key=object_key, Body=body, ContentType="application/json")

    def progress(self, object_key: str) -> dict[str, Any] | None:
        """How far it is; None at the beginning."""
        with self.opened(object_key) as found:
            if found is None:
                return None
            progress: dict[str, Any] = json.loads(found.body.read())
            return progress

    def abort_all(self, prefix: str) -> int:
        """Give up what is being written below a prefix; how many."""
        listed = self._s3.list_multipart_uploads(Bucket=self.bucket, Prefix=prefix).get("Uploads", [])
        for upload in listed:
            self._s3.abort_multipart_upload(
                Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        return len(listed)
