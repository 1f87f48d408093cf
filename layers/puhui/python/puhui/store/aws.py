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
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

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
SERVICES = {service.name: service for service in (DYNAMODB, STATES, SECRETS)}


class AwsError(Exception):
    """The service refused: ``code`` is its error's short name, ``body`` its answer."""

    def __init__(self, code: str, status: int, body: dict[str, Any]) -> None:
        # A refusal for want of permission names the action and the resource, which an operator needs; other messages
        # may quote data.
        why = f": {body.get('message') or body.get('Message')}" if code.startswith("AccessDenied") else ""
        super().__init__(f"{code} ({status}){why}")
        self.code, self.status, self.body = code, status, body


class NoAnswer(Exception):
    """The connection failed or no answer came: the call may or may not have taken effect."""


class _Connections(threading.local):
    """Kept open between calls, one set a thread: a Lambda has one thread, tests have several."""

    def __init__(self) -> None:
        self.by_endpoint: dict[str, http.client.HTTPConnection] = {}


_connections = _Connections()


def call(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
    """The answer of ``operation``; raises AwsError or NoAnswer. Connections are kept open between calls."""
    kind = SERVICES[service]
    endpoint = _endpoint(service)
    body = json.dumps(payload, separators=(",", ":")).encode()
    url = urlsplit(endpoint)
    headers = signed_headers(kind, url.netloc, operation, body, datetime.now(UTC), _region(), *_credentials())
    reused = endpoint in _connections.by_endpoint
    try:
        status, answer = _exchange(endpoint, body, headers)
    except (OSError, http.client.HTTPException):
        _drop(endpoint)
        if not reused:
            raise NoAnswer(operation) from None
        # A connection that was kept open may have been closed by the other side meanwhile. Every write this house
        # makes is conditional on its own id, so that sending it once more is safe.
        try:
            status, answer = _exchange(endpoint, body, headers)
        except (OSError, http.client.HTTPException):
            _drop(endpoint)
            raise NoAnswer(operation) from None
    return _read(status, answer)


def _exchange(endpoint: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = _connections.by_endpoint.get(endpoint)
    if connection is None:
        url = urlsplit(endpoint)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "", url.port, timeout=CONNECT_AND_READ_SECONDS)
        _connections.by_endpoint[endpoint] = connection
    connection.request("POST", "/", body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def _drop(endpoint: str) -> None:
    if connection := _connections.by_endpoint.pop(endpoint, None):
        connection.close()


def _read(status: int, answer: bytes) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(answer or b"{}")
    except ValueError:
        raise AwsError("UnreadableAnswer", status, {}) from None
    if status != 200:
        code = str(body.get("__type") or body.get("code") or "Unknown").rsplit("#", 1)[-1]
        raise AwsError(code, status, body)
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
    names = sorted(headers)
    signed = ";".join(names)
    canonical = "\n".join(
        ["POST", "/", "", *(f"{name}:{headers[name]}" for name in names), "", signed, _sha256(body)]
    )
    scope = f"{stamp[:8]}/{region}/{service.name}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{_sha256(canonical.encode())}"
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
    return headers


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def _credentials() -> tuple[str, str, str | None]:
    env = os.environ
    return env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN") or None


def _endpoint(service: str) -> str:
    env = os.environ
    named = env.get(f"AWS_ENDPOINT_URL_{service.upper()}") or env.get("AWS_ENDPOINT_URL")
    if named:
        return named
    region = _region()
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service}.{region}.{suffix}"
