"""Partners' files on a real table and bucket, and a way to take records that keeps the contract of ``usecases.Take``."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import boto3
import pytest

from puhui.ingestion.files import usecases
from puhui.ingestion.files.bucket import PartnerFiles
from puhui.ingestion.files.model import CONTENT_TYPES, JSON_LINES, Chunk, Manifest, PartnerFile
from puhui.ingestion.files.repository import Files
from puhui.partners.webhooks.api import Webhooks
from puhui.store.client import DynamoDB

NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
METRO = "metro"


class Result(NamedTuple):
    status: str
    code: str = ""
    activity_id: str = ""


@dataclass
class Book:
    """Takes each record once, and remembers from which place. ``dies_after``: takes so many more and then fails."""

    taken: dict[tuple[str, str], tuple[str, Result]] = field(default_factory=dict)
    dies_after: int | None = None

    def take(
        self, partner_id: str, items: Sequence[Mapping[str, Any]], places: Sequence[str]
    ) -> list[Result]:
        return [self._take(partner_id, item, place) for item, place in zip(items, places, strict=True)]

    def _take(self, partner_id: str, item: Mapping[str, Any], place: str) -> Result:
        if self.dies_after is not None:
            if not self.dies_after:
                raise RuntimeError("killed")
            self.dies_after -= 1
        if item["behaviour"] == "flying":
            return Result("refused", "BEHAVIOUR_UNKNOWN")
        where, result = self.taken.setdefault(
            (partner_id, item["item_no"]),
            (place, Result("unbound") if item["member_ref"] == "?" else Result("credited", "", f"A{place}")),
        )
        return result if where == place else Result("duplicate", "", result.activity_id)


@dataclass
class Desk:
    """One partner's side and ours."""

    files: Files
    bucket: PartnerFiles
    book: Book = field(default_factory=Book)
    now: datetime = NOW

    def prepare(self, content: bytes, file_format: str = JSON_LINES, **told: Any) -> PartnerFile:
        announced = {
            "file": "2026-11-30.jsonl",
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "rows": content.count(b"\n") - (2 if file_format == "csv" else 0),
        } | told
        manifest = Manifest(METRO, format=file_format, **announced)
        return usecases.prepare(manifest, signed={"signature": "sig=:c2ln:"}, files=self.files, now=self.now)

    def upload(self, file: PartnerFile, content: bytes) -> None:
        self.bucket._s3.put_object(
            Bucket=self.bucket.bucket,
            Key=file.upload_key,
            Body=content,
            ContentType=CONTENT_TYPES[file.format],
        )

    def look(self, file: PartnerFile) -> dict[str, Any]:
        return usecases.look_for_upload(file.id, files=self.files, bucket=self.bucket, now=self.now)

    def cut(self, file: PartnerFile) -> list[list[int]]:
        found: list[list[int]] = usecases.cut_file(
            file.id, files=self.files, bucket=self.bucket, now=self.now
        )["chunks"]
        return found

    def take(self, file: PartnerFile, chunk: Sequence[int]) -> None:
        usecases.take_chunk(file.id, Chunk(*chunk), files=self.files, bucket=self.bucket, take=self.book.take)

    def close(self, file: PartnerFile) -> PartnerFile:
        return usecases.close_file(file.id, files=self.files, bucket=self.bucket, now=self.now)

    def run(self, file: PartnerFile) -> PartnerFile:
        self.look(file)
        for chunk in json.loads(json.dumps(self.cut(file))):
            self.take(file, chunk)
        return self.close(file)

    def result(self, file: PartnerFile) -> bytes:
        with self.bucket.opened(file.result_key) as stored:
            assert stored
            return bytes(stored.body.read())

    def later(self, **more: int) -> None:
        self.now += timedelta(**more)


@pytest.fixture
def desk(dynamodb_endpoint: str, make_table: Callable[[str], str]) -> Desk:
    name = f"partner-files-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "cn-north-1"}
    )
    return Desk(
        Files(DynamoDB(), make_table("ingestion"), Webhooks(DynamoDB(), make_table("partners"))),
        PartnerFiles(name),
    )
