"""One request, one answer: the first answer to an idempotency key is stored with its effect, in the context's own table.

| item   | hash                 | entry (range) | holds |
|--------|----------------------|---------------|-------|
| answer | <caller>             | I#<key id>    | answer; body_hash of the request |

For answers that cannot be worked out again from what the request made. Where the request makes one item under an id of its own,
``conditions.SameRequest`` on that item is enough.
"""

from collections.abc import Callable
from typing import Any

from puhui.kernel.errors import DomainError, IdempotencyKeyReused
from puhui.store.client import DynamoDB
from puhui.store.conditions import AlreadyExists, SameRequest
from puhui.store.session import Session, attempt

Answer = dict[str, Any]


class Answers:
    """The stored answers of one table. ``hash_key`` is what the table calls the first part of its keys."""

    def __init__(self, dynamodb: DynamoDB, table: str, hash_key: str = "owner") -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._hash_key = hash_key

    def once(self, caller: str, key_id: str, body_hash: str, build: Callable[[Session], Answer]) -> Answer:
        """What ``build`` answers, by ``store.session.attempt``; with a ``key_id``, what it answered the first time.

        Raises IdempotencyKeyReused when the key came with another body.
        """
        if not key_id:
            return attempt(self._dynamodb, build)
        if (first := self._first(caller, key_id, body_hash)) is not None:
            return first

        def keep(session: Session) -> Answer:
            answer = build(session)
            item = {**self._key(caller, key_id), "body_hash": body_hash, "answer": answer}
            session.put(self._table, item, unless="entry", error=SameRequest(body_hash=body_hash))
            return answer

        try:
            return attempt(self._dynamodb, keep)
        except AlreadyExists as before:
            answer: Answer = before.details["item"]["answer"]
            return answer
        except (
            DomainError
        ):  # the same request, sent twice at once: its twin may have done what this one found done
            if (first := self._first(caller, key_id, body_hash)) is not None:
                return first
            raise

    def _first(self, caller: str, key_id: str, body_hash: str) -> Answer | None:
        stored = self._dynamodb.get(self._table, self._key(caller, key_id))
        if stored is None:
            return None
        if stored["body_hash"] != body_hash:
            raise IdempotencyKeyReused
        answer: Answer = stored["answer"]
        return answer

    def _key(self, caller: str, key_id: str) -> dict[str, str]:
        return {self._hash_key: caller, "entry": f"I#{key_id}"}
