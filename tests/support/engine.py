"""ministack's DynamoDB in this process: what goes to its port is answered without a connection.

The same engine and the same bytes, without a second process: a test of 293 reports took 64 s of CPU over HTTP and takes 27. A thread beside the main one pauses after each call
as it would for the network, so that threads take turns as they do with a server.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.endpoint import Endpoint
from ministack.core.responses import request_scope
from ministack.services import dynamodb

from puhui.store import aws

ACCOUNT = "000000000000"
NETWORK_SECONDS = 0.001
_REGION = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")
_turn = threading.Lock()


class _Raw:
    """A body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


def answer(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the engine's answer to a signed request; header names in lower case."""
    region = _REGION.search(headers["authorization"])
    assert region
    with _turn, request_scope(ACCOUNT, region[1]):
        asking = dynamodb.handle_request("POST", "/", headers, body, {})
        try:
            asking.send(None)
        except StopIteration as done:
            status, answered, text = done.value
        else:
            raise AssertionError("the engine answers at once")
    if threading.current_thread() is not threading.main_thread():
        time.sleep(NETWORK_SECONDS)
    return status, answered, text if isinstance(text, bytes) else text.encode()


@contextmanager
def answering(endpoint: str) -> Iterator[None]:
    """Calls of this process to DynamoDB at ``endpoint``, ours and botocore's, are answered here."""
    exchange, send = aws.exchange, Endpoint._send

    def exchanged(
        address: str, method: str, target: str, body: bytes, headers: dict[str, str]
    ) -> aws.Exchanged:
        if address.rstrip("/") == endpoint and headers.get("x-amz-target", "").startswith("DynamoDB_"):
            return aws.Exchanged(*answer(headers, body))
        return exchange(address, method, target, body, headers)

    def sent(self: Any, request: Any) -> Any:
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        if request.url.rstrip("/") == endpoint and headers.get("x-amz-target", "").startswith("DynamoDB_"):
            body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
            status, answered, text = answer(headers, body)
            return AWSResponse(request.url, status, answered, _Raw(text))
        return send(self, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "exchange", exchanged)
        patch.setattr(Endpoint, "_send", sent)
        yield
