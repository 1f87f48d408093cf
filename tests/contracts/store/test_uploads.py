"""A bucket that clients upload to, on the local cloud's S3: forms, what came, what is kept."""

import base64
import json
import uuid
from datetime import UTC, datetime

import boto3
import httpx
import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.build.contract import ROOT
from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.evidence.model import Evidence
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.documents.model import Document
from puhui.merchants.errors import DocumentChanged, DocumentMissing
from puhui.store.aws import sha256_hex
from puhui.store.uploads import UNCLAIMED, UploadBucket
from tests.unit.activities.test_pictures_and_risk import photo

PDF = b"%PDF-1.7 a licence"
PHOTO = photo(1)
OTHER = PHOTO[:-3] + bytes([PHOTO[-3] ^ 1]) + PHOTO[-2:]  # as long, and a picture too
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def bucket(dynamodb_endpoint: str) -> str:
    name = f"uploads-{uuid.uuid4().hex[:12]}"
    where = {"LocationConstraint": "cn-north-1"}
    boto3.client("s3", endpoint_url=dynamodb_endpoint).create_bucket(
        Bucket=name, CreateBucketConfiguration=where
    )
    return name


def send(bucket: UploadBucket, key: str, data: bytes, size: int | None = None) -> int:
    form = bucket.upload(key, "application/pdf", size or len(data), sha256_hex(data), 60)
    files = {"file": ("licence.pdf", data, "application/pdf")}
    return httpx.post(form["url"], data=form["fields"], files=files).status_code


def document(data: bytes = PDF) -> Document:
    return Document("D" * 26, "A" * 26, "other", "application/pdf", len(data), sha256_hex(data))


def test_what_was_uploaded_by_the_form_is_found_and_fetched(bucket: str):
    uploads = UploadBucket(bucket)
    assert not uploads.holds("a")
    with uploads.opened("a") as found:
        assert found is None
    assert send(uploads, "a", PDF) in (200, 201, 204)
    assert uploads.holds("a")
    with uploads.opened("a") as found:
        assert found is not None
        assert (found.size, found.body.read()) == (len(PDF), PDF)
    assert httpx.get(uploads.address("a", 60)).content == PDF


def tags(bucket: str, key: str) -> list[tuple[str, str]]:
    found = boto3.client("s3").get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    return [(each["Key"], each["Value"]) for each in found]


def test_what_is_not_claimed_is_what_the_bucket_clears():
    stack = yaml_parse((ROOT / "infra/stacks/merchants.yaml").read_text(encoding="utf-8"))
    rules = stack["Resources"]["DocumentsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    cleared = {rule["Prefix"]: rule.get("TagFilters") for rule in rules}
    key, value = UNCLAIMED
    assert cleared == {"uploads/": None, "documents/": [{"Key": key, "Value": value}]}


def test_a_version_is_kept_only_while_it_is_the_one_that_was_seen(bucket: str):
    uploads = UploadBucket(bucket)
    send(uploads, "a", PDF)
    with uploads.opened("a") as found:
        assert found is not None
        etag = found.etag
    assert uploads.keep("a", "b", etag)
    assert tags(bucket, "b") == [UNCLAIMED]
    uploads.claim("b")
    uploads.claim("b")
    assert tags(bucket, "b") == []
    send(uploads, "a", PDF.replace(b"a", b"b"))
    assert not uploads.keep("a", "b", etag)
    assert not uploads.keep("nothing", "b", etag)
    with uploads.opened("b") as found:
        assert found is not None
        assert found.body.read() == PDF


def test_a_document_is_taken_as_announced_and_stays_so(bucket: str):
    store, wanted = DocumentBucket(bucket), document()
    with pytest.raises(DocumentMissing):
        store.take(wanted)
    send(store, wanted.upload_key, PDF.replace(b"a", b"b"))
    with pytest.raises(DocumentChanged):
        store.take(wanted)
    assert not store.holds(wanted.object_key)
    send(store, wanted.upload_key, PDF)
    store.take(wanted)
    store.claim(wanted.object_key)
    send(store, wanted.upload_key, PDF.replace(b"a", b"b"))
    store.take(wanted)
    assert tags(bucket, wanted.object_key) == []
    assert httpx.get(store.address(wanted.object_key, 60)).content == PDF


def photo_of(data: bytes, size: int = 0) -> Evidence:
    return Evidence("E" * 26, "A" * 26, "image/jpeg", size or len(data), sha256_hex(data), NOW)


def test_what_was_looked_at_stays_whatever_is_uploaded_later(bucket: str):
    store, wanted = EvidenceBucket(bucket), photo_of(PHOTO)
    assert store.take(wanted) is None
    send(store, wanted.upload_key, PHOTO)
    first = store.take(wanted)
    assert first is not None
    assert (first.content_type, first.sha256, first.reason_code) == ("image/jpeg", sha256_hex(PHOTO), "")
    send(store, wanted.upload_key, OTHER)
    assert store.take(wanted) == first
    assert httpx.get(store.address(wanted.object_key, 60)).content == PHOTO


def test_a_photo_of_another_size_is_not_kept(bucket: str):
    store, wanted = EvidenceBucket(bucket), photo_of(PHOTO, 3)
    send(store, wanted.upload_key, PHOTO)
    found = store.take(wanted)
    assert found is not None
    assert (found.reason_code, found.size) == ("FILE_CHANGED", len(PHOTO))
    assert not store.holds(wanted.object_key)


def test_a_photo_that_is_replaced_while_it_is_kept_is_not_kept(bucket: str, monkeypatch: pytest.MonkeyPatch):
    store, wanted = EvidenceBucket(bucket), photo_of(PHOTO)
    send(store, wanted.upload_key, PHOTO)
    before = store.version(wanted.upload_key)
    send(store, wanted.upload_key, OTHER)
    monkeypatch.setattr(store, "version", lambda _key: before)
    found = store.take(wanted)
    assert found is not None
    assert found.reason_code == "FILE_CHANGED"


def test_the_form_names_the_bytes_that_it_takes():
    form = UploadBucket("b").upload("k", "image/jpeg", 3, sha256_hex(b"abc"), 60)
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    digest = {"x-amz-checksum-sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}
    assert form["fields"].items() >= digest.items()
    assert digest in policy
    assert ["content-length-range", 3, 3] in policy
