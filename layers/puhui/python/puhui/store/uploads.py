"""A bucket that clients upload to: presigned forms and addresses, and what came.

Contexts have a bucket each; this is what they do alike. It needs boto3, which Lambda brings: import it only in functions that
presign or look at files.
"""

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

UNCLAIMED = ("unclaimed", "yes")  # a copy that nothing names yet: the bucket's rule clears it after some days
PART_BYTES = 5 * 1024 * 1024  # S3's least for all but the last part
_GONE = ("NoSuchKey", "404", "NotFound")


class Stored(NamedTuple):
    """An object that is there: its size, its version's tag, and a stream of its bytes."""

    size: int
    etag: str
    body: Any


class Version(NamedTuple):
    """Identifies one version of an object."""

    size: int
    etag: str


class UploadBucket:
    """One bucket."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @cached_property
    def _s3(self) -> Any:
        # Without the virtual style boto3 signs presigned POSTs for the global endpoint in some regions.
        local = "AWS_ENDPOINT_URL" in os.environ
        s3 = Config(signature_version="s3v4", s3={"addressing_style": "path" if local else "virtual"})
        return boto3.client("s3", config=s3)

    def upload(
        self, object_key: str, content_type: str, size: int, sha256: str, seconds: int
    ) -> dict[str, Any]:
        """``{"url", "fields"}`` of a presigned POST that takes exactly this type, this size and, of these, these bytes: S3 compares
        the checksum that the form names."""
        fields = {
            "Content-Type": content_type,
            "success_action_status": "201",
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
        }
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        post: dict[str, Any] = self._s3.generate_presigned_post(
            self.bucket,
            object_key,
            Fields=fields,
            Conditions=[*conditions, ["content-length-range", size, size]],
            ExpiresIn=seconds,
        )
        return post

    def address(self, object_key: str, seconds: int) -> str:
        """A presigned GET."""
        where = {"Bucket": self.bucket, "Key": object_key}
        url: str = self._s3.generate_presigned_url("get_object", Params=where, ExpiresIn=seconds)
        return url

    def write(self, object_key: str, content: Iterable[bytes], content_type: str) -> None:
        """Write an object in parts of 5 MB: memory holds one part, whatever comes. Where ``content`` fails nothing is written."""
        where = {"Bucket": self.bucket, "Key": object_key}
        upload = self._s3.create_multipart_upload(**where, ContentType=content_type)["UploadId"]
        parts: list[dict[str, Any]] = []
        try:
            for number, part in enumerate(_parts(content), 1):
                sent = self._s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=part)
                parts.append({"ETag": sent["ETag"], "PartNumber": number})
            self._s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
        except BaseException:
            self._s3.abort_multipart_upload(**where, UploadId=upload)
            raise

    @contextmanager
    def opened(self, object_key: str) -> Iterator[Stored | None]:
        """What lies there, to be read within the block; None when nothing does."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=object_key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            yield None
            return
        with answer["Body"] as body:
            yield Stored(answer["ContentLength"], answer["ETag"], body)

    def version(self, object_key: str) -> Version | None:
        """Which version lies there; None when nothing does."""
        try:
            answer = self._s3.head_object(Bucket=self.bucket, Key=object_key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return None
        return Version(answer["ContentLength"], answer["ETag"])

    def holds(self, object_key: str) -> bool:
        """Whether something lies there."""
        return self.version(object_key) is not None

    def keep(self, object_key: str, as_key: str, etag: str, *, claimed: bool = False) -> bool:
        """Copy the version that ``etag`` names, within the bucket, marked until it is claimed; False when another one lies there by
        now."""
        mark = {} if claimed else {"Tagging": "=".join(UNCLAIMED), "TaggingDirective": "REPLACE"}
        try:
            self._s3.copy_object(
                Bucket=self.bucket,
                Key=as_key,
                CopySource={"Bucket": self.bucket, "Key": object_key},
                CopySourceIfMatch=etag,
                **mark,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("PreconditionFailed", "412", *_GONE):
                raise
            return False
        return True

    def claim(self, object_key: str) -> None:
        """Keep a copy: something names it now."""
        self._s3.delete_object_tagging(Bucket=self.bucket, Key=object_key)

    def delete_all(self, prefix: str) -> int:
        """Delete every object below a prefix; how many there were. Again finds nothing."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        deleted = 0
        for page in pages:
            keys = [{"Key": each["Key"]} for each in page.get("Contents", [])]
            if keys:
                self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys, "Quiet": True})
                deleted += len(keys)
        return deleted


def _parts(content: Iterable[bytes]) -> Iterator[bytes]:
    part = bytearray()
    for more in content:
        part += more
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)
