"""The evidence bucket in S3: presigned uploads straight from the mini-program, and a look at what came."""

import os
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from puhui.activities import pictures
from puhui.activities.model import Picture


class EvidenceBucket:
    """Pictures, one object each, at ``evidence/<member>/<evidence>``."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @classmethod
    def from_environment(cls) -> "EvidenceBucket":
        """The bucket that EVIDENCE_BUCKET names."""
        return cls(os.environ["EVIDENCE_BUCKET"])

    @cached_property
    def _s3(self) -> Any:
        # Without the virtual style boto3 signs presigned POSTs for the global endpoint in some regions.
        local = "AWS_ENDPOINT_URL" in os.environ
        s3 = Config(signature_version="s3v4", s3={"addressing_style": "path" if local else "virtual"})
        return boto3.client("s3", config=s3)

    def upload(self, object_key: str, content_type: str, size: int, seconds: int) -> dict[str, Any]:
        """``{"url", "fields"}`` of a presigned POST that takes exactly this type and size."""
        post: dict[str, Any] = self._s3.generate_presigned_post(
            self.bucket,
            object_key,
            Fields={"Content-Type": content_type, "success_action_status": "201"},
            Conditions=[
                {"Content-Type": content_type},
                {"success_action_status": "201"},
                ["content-length-range", size, size],
            ],
            ExpiresIn=seconds,
        )
        return post

    def address(self, object_key: str, seconds: int) -> str:
        """A presigned GET."""
        where = {"Bucket": self.bucket, "Key": object_key}
        url: str = self._s3.generate_presigned_url("get_object", Params=where, ExpiresIn=seconds)
        return url

    def look(self, object_key: str, size_max: int) -> Picture | None:
        """What lies there; None when nothing does."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=object_key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404", "NotFound"):
                return None
            raise
        if answer["ContentLength"] > size_max:
            return Picture("", "", answer["ContentLength"], 0, 0, 0)
        return pictures.look(answer["Body"].read())
