"""Consumers of a DynamoDB stream: each record is handled on its own, those that fail are reported back one by one, so
that Lambda delivers them again and, in the end, to the failure queue. A record may come twice."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from puhui.edge import log
from puhui.kernel import clock
from puhui.store.values import Item, decode_item


class Change(NamedTuple):
    """What happened to one item."""

    kind: str  # INSERT, MODIFY or REMOVE
    old: Item | None
    new: Item | None
    table: str = ""
    at: datetime = datetime(1970, 1, 1, tzinfo=UTC)


def stream(
    name: str,
) -> Callable[[Callable[[Change, datetime], None]], Callable[[dict[str, Any], Any], dict[str, Any]]]:
    """Make ``handle(change, now)`` a Lambda handler that answers with the batch's failures."""

    def wrap(handle: Callable[[Change, datetime], None]) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            started = time.perf_counter()
            failed: list[str] = []
            for record in event["Records"]:
                try:
                    handle(change(record), clock.now())
                except Exception as error:  # noqa: BLE001 reported to Lambda, which retries and then parks the record
                    log.line(level="ERROR", stream=name, failure=log.failure(error))
                    failed.append(record["dynamodb"]["SequenceNumber"])
                    break  # later records of the shard wait for this one, in their order
            took = round((time.perf_counter() - started) * 1000, 1)
            log.line(level="INFO", stream=name, records=len(event["Records"]), failed=len(failed), ms=took)
            return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

        return handler

    return wrap


def batch(
    name: str,
) -> Callable[[Callable[[list[dict[str, Any]]], dict[str, Any]]], Callable[[dict[str, Any], Any], None]]:
    """Make ``handle(records) -> figures for the log`` a Lambda handler that takes a batch whole: when it fails, the whole
    batch comes again. ``change`` reads a record."""

    def wrap(
        handle: Callable[[list[dict[str, Any]]], dict[str, Any]],
    ) -> Callable[[dict[str, Any], Any], None]:
        def handler(event: dict[str, Any], _context: Any) -> None:
            started = time.perf_counter()
            figures: dict[str, Any] = {"outcome": "failed"}
            try:
                figures = handle(event["Records"])
            except Exception as error:
                figures = {"outcome": getattr(error, "code", log.failure(error))}
                raise
            finally:
                took = round((time.perf_counter() - started) * 1000, 1)
                level = "ERROR" if "outcome" in figures else "INFO"
                log.line(level=level, stream=name, records=len(event["Records"]), **figures, ms=took)

        return handler

    return wrap


def change(record: dict[str, Any]) -> Change:
    """What a record of a stream tells."""
    images = record["dynamodb"]
    old, new = images.get("OldImage"), images.get("NewImage")
    return Change(
        record["eventName"],
        decode_item(old) if old else None,
        decode_item(new) if new else None,
        record.get("eventSourceARN", "").partition(":table/")[2].partition("/")[0],
        datetime.fromtimestamp(int(images.get("ApproximateCreationDateTime", 0)), UTC),
    )
