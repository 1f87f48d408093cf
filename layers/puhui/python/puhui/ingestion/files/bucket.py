"""The bucket of partners' files in S3: uploads, the results of chunks, result files. Lifecycle rules clear all three."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from puhui.ingestion.files.lines import blocks
from puhui.ingestion.files.model import CONTENT_TYPES, UPLOAD_SECONDS, Chunk, PartnerFile
from puhui.store.objects import Bucket
from puhui.store.uploads import UploadBucket


class PartnerFiles(UploadBucket):
    """Uploads at ``uploads/<partner>/<file>``, chunks' results at ``parts/<file>/<chunk>``, results at ``results/<partner>/<file>.<format>``."""

    @classmethod
    def from_environment(cls) -> "PartnerFiles":
        """The bucket that PARTNER_FILES_BUCKET names."""
        return cls(os.environ["PARTNER_FILES_BUCKET"])

    def form(self, file: PartnerFile) -> dict[str, Any]:
        """Where and how to upload exactly the bytes that were announced."""
        return self.upload(
            file.upload_key, CONTENT_TYPES[file.format], file.size, file.sha256, UPLOAD_SECONDS
        )

    @contextmanager
    def chunk(self, file: PartnerFile, chunk: Chunk) -> Iterator[Iterator[bytes]]:
        """The bytes of a chunk, of the very version that was checked."""
        answer = self._s3.get_object(
            Bucket=self.bucket,
            Key=file.upload_key,
            Range=f"bytes={chunk.start}-{chunk.end - 1}",
            IfMatch=file.etag,
        )
        with answer["Body"] as body:
            yield blocks(body)

    def put_part(self, file: PartnerFile, number: int, content: bytes) -> bool:
        """Keep the result of a chunk; False when there is one: the first stays."""
        return Bucket(self.bucket).put_new(file.part_key(number), content, "application/octet-stream")

    def part(self, file: PartnerFile, number: int) -> bytes | None:
        """The result of a chunk, None when there is none."""
        found = Bucket(self.bucket).get(file.part_key(number))
        return found.body if found else None

    def put_result(self, file: PartnerFile, content: Iterable[bytes]) -> None:
        """Write the result file, a few megabytes at a time."""
        self.write(file.result_key, content, CONTENT_TYPES[file.format])
