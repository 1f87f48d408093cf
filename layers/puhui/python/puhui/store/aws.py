"""One signed call to an AWS service that speaks its JSON protocol (DynamoDB, Step Functions, Secrets Manager, KMS).

The request is signed with Signature Version 4 as AWS documents it (IAM User Guide, "Create a signed AWS API
request") and sent over the standard library's HTTP client. On the path of a credited act this takes the place of an
SDK: docs/decisions holds the figures. ``tests/contracts/store`` checks each signature against botocore's.
"""

import hashlib
import hmac
import http.client
import json
import os
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_DENIED = re.compile(r"perform: (\S+)(?: on resource: (\S+))?")
CONNECT_AND_READ_SECONDS = 5  # below API Gateway's 29 s even after the client's retries

Send = Callable[[str, str, dict[str, Any]], dict[str, Any]]


class Service(NamedTuple):
    """What differs between the services: name in signature and host, header prefix, JSON version."""

    name: str
    target: str
    json: str = "1.0"


DYNAMODB = Service("dynamodb", "DynamoDB_20120810")
STATES = Service("states", "AWSStepFunctions")
SECRETS = Service("secretsmanager", "secretsmanager", "1.1")
SQS = Service("sqs", "AmazonSQS")
KMS = Service("kms", "TrentService", "1.1")
SERVICES = {service.name: service for service in (DYNAMODB, STATES, SECRETS, SQS, KMS)}


class AwsError(Exception):
    """The service refused: ``code`` is its error's short name, ``body`` its answer, ``denied`` the action and resource that a policy
    does not allow ("dynamodb:PutItem on arn:...")."""

    def __init__(self, code: str, status: int, body: dict[str, Any], resource: str = "a resource") -> None:
        # A refusal for want of permission names the action and the resource, which an operator needs; other messages
        # may quote data.
        why = f": {body.get('message') or body.get('Message')}" if code.startswith("AccessDenied") else ""
        super().__init__(f"{code} ({status}){why}")
        self.code, self.status, self.body = code, status, body
        found = _DENIED.search(why)
        self.denied = f"{found[1]} on {found[2] or resource}" if found else ""


class NoAnswer(Exception):
    """The connection failed or no answer came: the call may or may not have taken effect."""


class _Kept(dict[str, http.client.HTTPConnection]):
    """The open connections of one thread, by endpoint: closed when the thread ends."""

    def __del__(self) -> None:
        for connection in self.values():
            connection.close()


class _Connections(threading.local):
    """Kept open between calls, one set a thread: a Lambda has few threads, tests have many."""

    def __init__(self) -> None:
        self.by_endpoint = _Kept()


_connections = _Connections()


def call(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The answer of ``operation``; raises AwsError or NoAnswer. Connections are kept open between calls."""
    kind = SERVICES[service]
    address = endpoint(service)
    body = json.dumps(payload, separators=(",", ":")).encode()
    host = urlsplit(address).netloc
    headers = signed_headers(kind, host, operation, body, datetime.now(UTC), _region(), *_credentials())
    answer = exchange(address, "POST", "/", body, headers)
    return _read(answer.status, answer.body, str(payload.get("TableName", "a resource")))


class Exchanged(NamedTuple):
    """An answer over HTTP; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(address: str, method: str, target: str, body: bytes, headers: dict[str, str]) -> Exchanged:
    """Send one request over a connection that is kept open. Raises NoAnswer.

    A connection that was kept open may have been closed by the other side meanwhile. Every write this house makes is
    conditional on its own id, so that sending it once more is safe.
    """
    reused = address in _connections.by_endpoint
    try:
        return _exchange(address, method, target, body, headers)
    except (OSError, http.client.HTTPException):
        _drop(address)
        if not reused:
            raise NoAnswer(target) from None
    try:
        return _exchange(address, method, target, body, headers)
    except (OSError, http.client.HTTPException):
        _drop(address)
        raise NoAnswer(target) from None


def _exchange(address: str, method: str, target: str, body: bytes, headers: dict[str, str]) -> Exchanged:
    connection = _connections.by_endpoint.get(address)
    if connection is None:
        url = urlsplit(address)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=CONNECT_AND_READ_SECONDS)
        _connections.by_endpoint[address] = connection
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    found = {name.lower(): value for name, value in response.getheaders()}
    return Exchanged(response.status, found, response.read())


def _drop(address: str) -> None:
    if connection := _connections.by_endpoint.pop(address, None):
        connection.close()


def _read(status: int, answer: bytes, resource: str = "a resource") -> dict[str, Any]:
    """The answer; ``resource`` is what was asked about, where a refusal does not name it."""
    try:
        body: dict[str, Any] = json.loads(answer or b"{}")
    except ValueError:
        raise AwsError("UnreadableAnswer", status, {}) from None
    if status != 200:
        code = str(body.get("__type") or body.get("code") or "Unknown").rsplit("#", 1)[-1]
        raise AwsError(code, status, body, resource)
    return body


def signed_headers(
    service: Service,
    host: str,
    operation: str,
    body: bytes,
    at: datetime,
    region: str,
    access_key: str,
    secret_key: str,
    token: str | None,
) -> dict[str, str]:
    """The headers of a signed POST to ``/`` (Signature Version 4)."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": f"application/x-amz-json-{service.json}",
        "host": host,
        "x-amz-date": stamp,
        "x-amz-target": f"{service.target}.{operation}",
    }
    if token:
        headers["x-amz-security-token"] = token
    return signed(
        headers, "POST", "/", sha256_hex(body), Scope(stamp, region, service.name), access_key, secret_key
    )


class Scope(NamedTuple):
    """When, where and for which service a signature holds."""

    stamp: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.stamp[:8]}/{self.region}/{self.service}/aws4_request"


def signed(
    headers: dict[str, str],
    method: str,
    path: str,
    payload_hash: str,
    scope: Scope,
    access_key: str,
    secret_key: str,
) -> dict[str, str]:
    """``headers`` (lower-case names, host and x-amz-date among them) with the authorization of Signature Version 4."""
    names = sorted(headers)
    listed = ";".join(names)
    canonical = "\n".join(
        [method, path, "", *(f"{name}:{headers[name]}" for name in names), "", listed, payload_hash]
    )
    to_sign = f"AWS4-HMAC-SHA256\n{scope.stamp}\n{scope}\n{sha256_hex(canonical.encode())}"
    key = f"AWS4{secret_key}".encode()
    for part in str(scope).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={listed}, Signature={signature}"
    )
    return {**headers, "authorization": authorization}


def sha256_hex(data: bytes) -> str:
    """SHA-256 as signatures write it."""
    return hashlib.sha256(data).hexdigest()


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def _credentials() -> tuple[str, str, str | None]:
    env = os.environ
    return env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN") or None


def endpoint(service: str) -> str:
    """Where a service of this region is asked."""
    env = os.environ
    named = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL")
    if named:
        return named
    region = _region()
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service}.{region}.{suffix}"


def caller() -> tuple[str, str, str, str | None]:
    """Region, access key, secret key and session token of this function."""
    return _region(), *_credentials()
