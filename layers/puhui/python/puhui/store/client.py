"""DynamoDB in a handful of calls, in its own JSON. The only file that knows what sends them.

Retries live here: throttling, conflicts between transactions, 5xx and lost answers are tried again with jitter, the
same bytes each time. A failed condition is never retried: it is an answer.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from puhui.kernel.errors import Unavailable
from puhui.store import aws
from puhui.store.values import Item, Wire, decode_item, encode_item

TRANSACTION_ITEMS_MAX = 100  # DynamoDB's limits
BATCH_WRITES_MAX = 25
ATTEMPTS_MAX = 6
BACKOFF_BASE_SECONDS = 0.02  # 20 ms, doubled each time, full jitter: about 0.6 s in all before giving up

TRY_AGAIN = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionInProgressException",
    "TransactionConflictException",
}
TRY_AGAIN_REASONS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class ConditionFailed(Exception):
    """A condition of the write did not hold. ``position`` counts the transaction's actions from 0; ``item`` is what was
    there instead (None: nothing)."""

    def __init__(self, position: int, item: Item | None) -> None:
        super().__init__(position)
        self.position, self.item = position, item


class Key(NamedTuple):
    """A table and a key in it."""

    table: str
    key: Mapping[str, str]


class DynamoDB:
    """Reads and conditional writes. ``call`` sends one operation; tests put their faults around it."""

    def __init__(
        self,
        call: Callable[[str, str, dict[str, Any]], dict[str, Any]] = aws.call,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._call = call
        self._sleep = sleep

    def get(self, table: str, key: Mapping[str, str]) -> Item | None:
        """The present item (strongly consistent), or None."""
        answer = self._send("GetItem", {"TableName": table, "Key": encode_item(key), "ConsistentRead": True})
        return decode_item(answer["Item"]) if "Item" in answer else None

    def get_all(self, keys: Sequence[Key]) -> list[Item | None]:
        """The items at up to 100 keys (strongly consistent), in that order, in one request."""
        wanted: dict[str, Any] = {}
        for table, key in keys:
            request = wanted.setdefault(table, {"Keys": [], "ConsistentRead": True})
            if (wire := encode_item(key)) not in request["Keys"]:
                request["Keys"].append(wire)
        found: list[tuple[str, Wire]] = []
        for _ in range(ATTEMPTS_MAX):
            answer = self._send("BatchGetItem", {"RequestItems": wanted})
            found += [(table, item) for table, items in answer.get("Responses", {}).items() for item in items]
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return [_pick(found, place) for place in keys]
        raise Unavailable

    def query(
        self,
        table: str,
        condition: str,
        values: Mapping[str, Any],
        *,
        index: str | None = None,
        limit: int | None = None,
        forward: bool = True,
        start: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> tuple[list[Item], Item | None]:
        """One page of a partition: its items, and the key to start the next page from (None at the end)."""
        request: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": encode_item(values),
            "ScanIndexForward": forward,
        }
        if index:
            request["IndexName"] = index
        else:
            request["ConsistentRead"] = True
        if limit:
            request["Limit"] = limit
        if start:
            request["ExclusiveStartKey"] = encode_item(start)
        if names:
            request["ExpressionAttributeNames"] = dict(names)
        answer = self._send("Query", request)
        last = answer.get("LastEvaluatedKey")
        return [decode_item(item) for item in answer["Items"]], decode_item(last) if last else None

    def entries(
        self,
        table: str,
        owner: tuple[str, str],
        prefix: str,
        *,
        limit: int | None = None,
        after: str | None = None,
        forward: bool = True,
    ) -> tuple[list[Item], str | None]:
        """A page of the items of ``owner`` (hash attribute, value) whose ``entry`` begins with ``prefix``; and what follows the
        prefix in the last one when there may be more: ``after`` of the next page."""
        name, value = owner
        items, last = self.query(
            table,
            "#owner = :owner AND begins_with(entry, :prefix)",
            {":owner": value, ":prefix": prefix},
            names={"#owner": name},
            limit=limit,
            forward=forward,
            start={name: value, "entry": f"{prefix}{after}"} if after is not None else None,
        )
        return items, last["entry"].removeprefix(prefix) if last else None

    def all_entries(self, table: str, owner: tuple[str, str], prefix: str) -> Iterator[Item]:
        """All of them, page by page, in the order of their entries."""
        after = None
        while True:
            items, after = self.entries(table, owner, prefix, after=after)
            yield from items
            if after is None:
                return

    def update(
        self,
        table: str,
        key: Mapping[str, str],
        expression: str,
        values: Mapping[str, Any],
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Item:
        """The item after the update. Raises ConditionFailed."""
        request = {
            "TableName": table,
            "Key": encode_item(key),
            "UpdateExpression": expression,
            "ExpressionAttributeValues": encode_item(values),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if condition:
            request["ConditionExpression"] = condition
        if names:
            request["ExpressionAttributeNames"] = dict(names)
        return decode_item(self._send("UpdateItem", request)["Attributes"])

    def assign(
        self, table: str, key: Mapping[str, str], attributes: Mapping[str, Any], *, new: bool = False
    ) -> Item:
        """Set attributes of an item, which is made when it is not there. Raises ConditionFailed when it shall be ``new`` and is not."""
        names = {f"#{name}": name for name in attributes}
        if new:
            names["#hash_key"] = next(iter(key))
        return self.update(
            table,
            key,
            "SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
            {f":{name}": value for name, value in attributes.items()},
            names=names,
            condition="attribute_not_exists(#hash_key)" if new else None,
        )

    def put_all(self, table: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Write items whatever was there, 25 a request: for writes that are the same each time they are made."""
        self._write_all(table, [{"PutRequest": {"Item": encode_item(item)}} for item in items])

    def delete_all(self, table: str, keys: Sequence[Mapping[str, str]]) -> None:
        """Remove the items at these keys, 25 a request."""
        self._write_all(table, [{"DeleteRequest": {"Key": encode_item(key)}} for key in keys])

    def _write_all(self, table: str, requests: list[dict[str, Any]]) -> None:
        for first in range(0, len(requests), BATCH_WRITES_MAX):
            wanted = {table: requests[first : first + BATCH_WRITES_MAX]}
            for attempt in range(ATTEMPTS_MAX):
                if attempt:
                    self._pause(attempt)
                wanted = self._send("BatchWriteItem", {"RequestItems": wanted}).get("UnprocessedItems") or {}
                if not wanted:
                    break
            else:
                raise Unavailable

    def _pause(self, attempt: int) -> None:
        self._sleep(random.uniform(0, BACKOFF_BASE_SECONDS * 2**attempt))  # noqa: S311 jitter, not secrecy

    def transact(self, actions: Sequence[dict[str, Any]], token: str) -> None:
        """All of the actions (wire form) or none. Raises ConditionFailed for the first one whose condition fails.

        ``token`` makes a second sending of the same bytes harmless for ten minutes; beyond that the actions' own
        conditions do.
        """
        if not 0 < len(actions) <= TRANSACTION_ITEMS_MAX:
            raise ValueError(f"a transaction holds 1 to {TRANSACTION_ITEMS_MAX} items, not {len(actions)}")
        self._send("TransactWriteItems", {"TransactItems": list(actions), "ClientRequestToken": token})

    def _send(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        for attempt in range(ATTEMPTS_MAX):
            if attempt:
                self._pause(attempt)
            try:
                return self._call("dynamodb", operation, request)
            except aws.NoAnswer:
                continue
            except aws.AwsError as error:
                _raise_if_condition_failed(error)
                if not _may_pass_later(error):
                    raise
        raise Unavailable


def _may_pass_later(error: aws.AwsError) -> bool:
    if error.code == "TransactionCanceledException":
        return any(reason.get("Code") in TRY_AGAIN_REASONS for reason in _reasons(error))
    return error.code in TRY_AGAIN or error.status >= 500


def _raise_if_condition_failed(error: aws.AwsError) -> None:
    if error.code == "ConditionalCheckFailedException":
        raise ConditionFailed(0, _old(error.body)) from None
    if error.code == "TransactionCanceledException":
        for position, reason in enumerate(_reasons(error)):
            if reason.get("Code") == "ConditionalCheckFailed":
                raise ConditionFailed(position, _old(reason)) from None


def _reasons(error: aws.AwsError) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = error.body.get("CancellationReasons") or []
    return reasons


def _old(answer: Mapping[str, Any]) -> Item | None:
    return decode_item(answer["Item"]) if answer.get("Item") else None


def _pick(found: list[tuple[str, Wire]], place: Key) -> Item | None:
    wanted = encode_item(place.key)
    for table, item in found:
        if table == place.table and all(item.get(name) == value for name, value in wanted.items()):
            return decode_item(item)
    return None
