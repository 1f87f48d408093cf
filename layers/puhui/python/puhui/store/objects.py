"""S3 in two calls: read an object, and write one under a condition. Signed and sent like the rest (``aws.py``)."""

import base64
import hashlib
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from puhui.kernel.errors import Unavailable
from puhui.store import aws

ATTEMPTS_MAX = 6
BACKOFF_BASE_SECONDS = 0.02
NO_MATCH, CONFLICT = 412, 409  # the condition did not hold; another writer was at it at the same moment

Send = Callable[[str, str, str, bytes, dict[str, str]], aws.Exchanged]


class Found(NamedTuple):
    """An object's bytes, and the tag that names this version of them."""

    body: bytes
    etag: str


class Bucket:
    """One bucket. ``send`` exchanges one request; tests put their faults around it."""

    def __init__(
        self, name: str, send: Send = aws.exchange, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.name = name
        self._send = send
        self._sleep = sleep

    def get(self, key: str) -> Found | None:
        """The object at ``key``, or None."""
        answer = self._ask("GET", key, b"", {})
        if answer.status == 404:
            return None
        return Found(answer.body, answer.headers.get("etag", ""))

    def put_new(self, key: str, body: bytes, content_type: str, lock_until: datetime | None = None) -> bool:
        """Write a new object; False when there is one. ``lock_until``: under Object Lock until then."""
        headers = {"if-none-match": "*", "content-type": content_type, "cache-control": IMMUTABLE}
        if lock_until:
            headers["x-amz-object-lock-mode"] = "COMPLIANCE"
            headers["x-amz-object-lock-retain-until-date"] = lock_until.astimezone(UTC).strftime(_ISO)
        return self._put(key, body, headers)

    def replace(self, key: str, body: bytes, content_type: str, etag: str | None) -> bool:
        """Write over the version that ``etag`` names (None: a new object); False when there is another."""
        condition = {"if-match": etag} if etag else {"if-none-match": "*"}
        return self._put(key, body, {**condition, "content-type": content_type, "cache-control": SHORTLY})

    def _put(self, key: str, body: bytes, headers: dict[str, str]) -> bool:
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        answer = self._ask("PUT", key, body, {**headers, "content-md5": digest})
        return answer.status not in (NO_MATCH, 404)  # 404: the version to write over is gone

    def _ask(self, method: str, key: str, body: bytes, headers: dict[str, str]) -> aws.Exchanged:
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                self._sleep(random.uniform(0, BACKOFF_BASE_SECONDS * 2**attempt))  # noqa: S311 jitter
            address, path = self._place(key)
            try:
                answer = self._send(
                    address, method, path, body, _signed(address, method, path, body, headers)
                )
            except aws.NoAnswer:
                continue
            if answer.status < 300 or answer.status in (404, NO_MATCH):
                return answer
            if answer.status < 500 and answer.status not in (CONFLICT, 429):
                raise aws.AwsError(_code(answer.body), answer.status, {"message": f"{method} {key}"})
        raise Unavailable

    def _place(self, key: str) -> tuple[str, str]:
        address, path = aws.endpoint("s3"), "/" + quote(key)
        url = urlsplit(address)
        if (url.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
            return f"{url.scheme}://{self.name}.{url.netloc}", path
        return address, f"/{self.name}{path}"  # an emulator knows its buckets by path


IMMUTABLE = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=2"
_ISO = "%Y-%m-%dT%H:%M:%SZ"


def _signed(address: str, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
    region, access_key, secret_key, token = aws.caller()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    digest = aws.sha256_hex(body)
    own = {"host": urlsplit(address).netloc, "x-amz-date": stamp, "x-amz-content-sha256": digest}
    if token:
        own["x-amz-security-token"] = token
    scope = aws.Scope(stamp, region, "s3")
    return aws.signed({**headers, **own}, method, path, digest, scope, access_key, secret_key)


def _code(answer: bytes) -> str:
    """The short name in S3's XML."""
    name = answer.partition(b"<Code>")[2].partition(b"</Code>")[0]
    return name.decode("ascii", "replace") or "Unknown"
