"""Requests that are made harmless to repeat by an item of their own: one item for each idempotency key, written with the effect."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from puhui.kernel import ids
from puhui.kernel.errors import DomainError, IdempotencyKeyReused
from puhui.ledger.api import member
from puhui.rewards.repository import Repository
from puhui.store.client import Key
from puhui.store.conditions import SameRequest
from puhui.store.session import Session, attempt

Result = TypeVar("Result")


@dataclass(frozen=True)
class Request:
    """Who asks for what: ``id`` derives from the actor and the idempotency key. Without a key nothing is looked up."""

    actor_id: str
    id: str
    body_hash: str
    has_key: bool

    @classmethod
    def of(cls, actor_id: str, operation: str, key: str | None, body_hash: str, now: datetime) -> "Request":
        """The request of an operation by its idempotency key."""
        request_id = ids.key_id(actor_id, operation, key) if key else ids.new_id(now)
        return cls(actor_id, request_id, body_hash, has_key=bool(key))


class Done(NamedTuple):
    """What came of a request: the id of its subject, and the member or reward to which the subject belongs."""

    subject: str
    place: str


class RequestRepository(Repository):
    """Requests by their keys."""

    def find(self, request: Request) -> Done | None:
        """What came of the request before, if it was made before. Raises IdempotencyKeyReused for another body."""
        item = self.dynamodb.get(*self._request_key(request)) if request.has_key else None
        if item is None:
            return None
        if item["body_hash"] != request.body_hash:
            raise IdempotencyKeyReused
        return Done(item["subject"], item["place"])

    def add(self, session: Session, request: Request, subject: str, place: str) -> None:
        """Keep the request with its effect."""
        done = {"body_hash": request.body_hash, "subject": subject, "place": place}
        error = SameRequest(body_hash=request.body_hash)
        session.put(self.table, {**self._request_key(request).key, **done}, unless="entry", error=error)

    def once(
        self, request: Request, build: Callable[[Session], Result], answer: Callable[[Done], Result]
    ) -> Result:
        """``build`` decides and writes, once; the same request again gets ``answer``, also when both are sent at the same time."""

        def step(session: Session) -> Result:
            done = self.find(request)
            return answer(done) if done else build(session)

        try:
            return attempt(self.dynamodb, step)
        except DomainError as error:
            # Its twin may have done it, and with it what this one was refused for.
            done = self.find(request)
            if done is None:
                raise error from None
            return answer(done)

    def _request_key(self, request: Request) -> Key:
        return Key(self.table, {"owner": member(request.actor_id), "entry": f"V#{request.id}"})
