"""The ordered transaction session: contexts add conditional items, each with the domain error of its
condition; one commit writes all of them or none.

    session = Session(dynamodb)
    session.put(table, item, unless="entry", error=TransferExists())
    session.update(table, key, "ADD points :n", {":n": 200}, condition="...", error=NotEnoughPoints())
    session.commit()

When several conditions fail at once the first in the session's order decides which error is raised, so the items that
recognise a repetition (a transfer's id, an idempotency record) are added before the ones that check limits.
"""

import random
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from puhui.kernel.errors import DomainError, Unavailable
from puhui.store.client import ConditionFailed, DynamoDB
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.values import encode_item

Result = TypeVar("Result")
RACES_MAX = 12  # eight writers of one account all get their turn; beyond that the client comes again
RACE_PAUSE_SECONDS = 0.005
RACE_PAUSE_SECONDS_MAX = 0.2


class Session:
    """One transaction in the making."""

    def __init__(self, dynamodb: DynamoDB) -> None:
        self._dynamodb = dynamodb
        self._actions: list[dict[str, Any]] = []
        self._errors: list[DomainError | None] = []

    def put(
        self,
        table: str,
        item: Mapping[str, Any],
        *,
        unless: str | None = None,
        condition: str | None = None,
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
        error: DomainError | None = None,
    ) -> None:
        """Write ``item``. ``unless`` names a key attribute: the write fails when there is an item already."""
        if unless:
            condition, names = "attribute_not_exists(#unless)", {"#unless": unless}
        self._add("Put", table, {"Item": encode_item(item)}, condition, values, names, error)

    def update(
        self,
        table: str,
        key: Mapping[str, str],
        expression: str,
        values: Mapping[str, Any] | None = None,
        *,
        condition: str | None = None,
        names: Mapping[str, str] | None = None,
        error: DomainError | None = None,
    ) -> None:
        """Change the item at ``key`` (it is made when it is not there, unless the condition forbids it)."""
        body = {"Key": encode_item(key), "UpdateExpression": expression}
        self._add("Update", table, body, condition, values, names, error)

    def delete(
        self,
        table: str,
        key: Mapping[str, str],
        *,
        condition: str | None = None,
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
        error: DomainError | None = None,
    ) -> None:
        """Remove the item at ``key``."""
        self._add("Delete", table, {"Key": encode_item(key)}, condition, values, names, error)

    def check(
        self,
        table: str,
        key: Mapping[str, str],
        condition: str,
        values: Mapping[str, Any] | None = None,
        *,
        names: Mapping[str, str] | None = None,
        error: DomainError | None = None,
    ) -> None:
        """Write nothing at ``key``, but fail unless the condition holds."""
        self._add("ConditionCheck", table, {"Key": encode_item(key)}, condition, values, names, error)

    def commit(self) -> None:
        """Write everything, or raise the first failed item's error (after asking it about what was found)."""
        if not self._actions:
            return
        try:
            self._dynamodb.transact(self._actions, str(uuid.uuid4()))
        except ConditionFailed as failed:
            error = self._errors[failed.position]
            if error is None:
                raise
            raise error.found(failed.item) from None

    @property
    def actions(self) -> tuple[dict[str, Any], ...]:
        """What the commit will send, in its order: structural tests count items and write units from it."""
        return tuple(self._actions)

    def _add(
        self,
        kind: str,
        table: str,
        body: dict[str, Any],
        condition: str | None,
        values: Mapping[str, Any] | None,
        names: Mapping[str, str] | None,
        error: DomainError | None,
    ) -> None:
        action: dict[str, Any] = {"TableName": table, **body}
        if condition:
            action["ConditionExpression"] = condition
            action["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if values:
            action["ExpressionAttributeValues"] = encode_item(values)
        if names:
            action["ExpressionAttributeNames"] = dict(names)
        self._actions.append({kind: action})
        self._errors.append(error)


def attempt(
    dynamodb: DynamoDB,
    build: Callable[[Session], Result],
    sleep: Callable[[float], None] = time.sleep,
    *,
    doubt: bool = True,
) -> Result:
    """``build`` reads, decides and adds items to a session; its result is returned once the session is written.

    Raises what ``build`` or the session's items raise; OptimisticLockFailed starts it over, up to RACES_MAX times, then Unavailable. What ``build``
    refuses is refused once it has read everything twice: its readings are of several moments, and between two of them a twin of
    the request may have done what is asked for. Without ``doubt`` the caller looks for its twin itself.
    """
    races, doubted = 0, not doubt
    while races < RACES_MAX:
        session = Session(dynamodb)
        try:
            result = build(session)
        except OptimisticLockFailed:
            races = _pause(races, sleep)
            continue
        except DomainError as refusal:
            if doubted or refusal.status >= Unavailable.status:
                raise
            doubted = True
            continue
        try:
            session.commit()
        except OptimisticLockFailed:
            races = _pause(races, sleep)
            continue
        return result
    raise Unavailable


def _pause(races: int, sleep: Callable[[float], None]) -> int:
    """Wait before the next race, if there is one; how many were lost."""
    races += 1
    if races < RACES_MAX:
        sleep(random.uniform(0, min(RACE_PAUSE_SECONDS * 2**races, RACE_PAUSE_SECONDS_MAX)))  # noqa: S311 jitter
    return races
