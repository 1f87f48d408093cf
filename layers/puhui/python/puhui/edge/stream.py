"""Consumers of a DynamoDB stream: each record is handled on its own, those that fail are reported back one by one, so
that Lambda delivers them again and, in the end, to the failure queue. A record may come twice, and again after later ones.

A batch that would take longer than the function may is cut off: what was not begun is reported, too, and Lambda
goes on there. Without that a function that is stopped in the middle would begin with the first record each time.

The changes of one item are handled in their order. Those of others do not wait for one that fails: it may be tried again for
minutes. Lambda goes back to the first that failed, so that what came after it is handled once more then.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from puhui.edge import log
from puhui.kernel import clock
from puhui.store.values import Item, decode_item

RESERVE_MS = 3_000


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
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            started = time.perf_counter()
            failed: list[str] = []
            held: list[Any] = []  # the keys of items whose later changes wait for one that failed
            for record in event["Records"]:
                keys = record["dynamodb"].get("Keys")
                try:
                    if keys not in held and not _is_over(context):
                        handle(change(record), clock.now())
                        continue
                except Exception as error:  # noqa: BLE001 reported to Lambda, which retries and then parks the record
                    log.line(level="ERROR", stream=name, failure=log.failure(error))
                    held.append(keys)
                failed.append(record["dynamodb"]["SequenceNumber"])
            took = round((time.perf_counter() - started) * 1000, 1)
            log.line(level="INFO", stream=name, records=len(event["Records"]), failed=len(failed), ms=took)
            return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

        return handler

    return wrap


def _is_over(context: Any) -> bool:
    """Whether the function's time is about to be over: a record that is begun has RESERVE_MS to be done."""
    return context is not None and context.get_remaining_time_in_millis() < RESERVE_MS


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
    """The change in a record of a stream."""
    images = record["dynamodb"]
    old, new = images.get("OldImage"), images.get("NewImage")
    return Change(
        record["eventName"],
        decode_item(old) if old else None,
        decode_item(new) if new else None,
        record.get("eventSourceARN", "").partition(":table/")[2].partition("/")[0],
        datetime.fromtimestamp(int(images.get("ApproximateCreationDateTime", 0)), UTC),
    )
