"""A life on real tables, and a database that dies after each effect."""

from collections.abc import Callable
from typing import Any

import pytest

from puhui.store import aws
from puhui.store.client import DynamoDB

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


class Died(BaseException):
    """The process ended after its write had taken effect."""


def dying(at: int) -> DynamoDB:
    """A database whose process dies after its write number ``at`` (from 1) had taken effect."""
    writes = 0

    def call(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        nonlocal writes
        answer = aws.call(service, operation, payload)
        if operation in WRITES:
            writes += 1
            if writes == at:
                raise Died
        return answer

    return DynamoDB(call)


def until_done(step: Callable[[DynamoDB], object], writes_max: int = 200) -> int:
    """Run a step by a process that dies after its first write, then by one that dies after its second of what was left, and so on until
    one lives; then once more. How many died."""
    for at in range(1, writes_max):
        try:
            step(dying(at))
        except Died:
            continue
        step(DynamoDB())
        return at - 1
    pytest.fail("it never ends")
