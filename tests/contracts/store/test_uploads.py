"""A bucket that clients upload to, on the local cloud's S3: forms, what came, what is kept."""

import uuid

import boto3
import httpx
import pytest
from samtranslator.yaml_helper import yaml_parse

from infra.build.contract import ROOT
from puhui.activities.evidence import EvidenceBucket
from puhui.merchants.errors import DocumentChanged, DocumentMissing
from puhui.merchants.files import DocumentBucket
from puhui.merchants.model import Document
from puhui.store.aws import sha256_hex
from puhui.store.uploads import UNCLAIMED, UploadBucket

PDF = b"%PDF-1.7 a licence"


@pytest.fixture
def bucket(dynamodb_endpoint: str) -> str:
    name = f"uploads-{uuid.uuid4().hex[:12]}"
    where = {"LocationConstraint": "cn-north-1"}
    boto3.client("s3", endpoint_url=dynamodb_endpoint).create_bucket(
        Bucket=name, CreateBucketConfiguration=where
    )
    return name


def send(bucket: UploadBucket, key: str, data: bytes, size: int | None = None) -> int:
    form = bucket.upload(key, "application/pdf", size or len(data), 60)
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


def test_a_picture_of_another_size_is_not_opened(bucket: str):
    store = EvidenceBucket(bucket)
    assert store.look("evidence", 100) is None
    send(store, "evidence", PDF)
    seen = store.look("evidence", 100)
    assert seen is not None
    assert (seen.content_type, seen.sha256) == ("", sha256_hex(PDF))
    too_large = store.look("evidence", 3)
    assert too_large is not None
    assert (too_large.sha256, too_large.size) == ("", len(PDF))
