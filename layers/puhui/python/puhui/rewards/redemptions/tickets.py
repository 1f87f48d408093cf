"""The queue of a reward: counters in queue shards, and the places of each member.

A ticket is a redemption that waits. Its number comes from one of the reward's queue shards, so that a position costs one read.
"""

from contextlib import suppress
from datetime import datetime

from puhui.kernel import clock
from puhui.ledger.api import member
from puhui.rewards.errors import TicketsOpen
from puhui.rewards.redemptions.model import QUEUED, Redemption
from puhui.rewards.repository import Repository
from puhui.store.client import ConditionFailed, Key
from puhui.store.session import Session

TICKETS_OPEN_MAX = 20  # of one member in one reward's queue
PLACES_SECONDS = 86_400


def ahead(number: int, serving: int, queue_shards: int) -> int:
    """About how many tickets are served before this one: its distance to the number that its queue shard serves now, times the
    shards; 0 when it is the next."""
    return max(0, number - serving - 1) * queue_shards


class TicketRepository(Repository):
    """Counters and places of queues."""

    def reserve(self, ticket: Redemption) -> int:
        """One of the member's places in the reward's queue (the same ticket has the same place), and the next number of its queue shard.
        A place whose ticket was never written is free again within a day; a number that is never used is a gap and does no harm.
        Raises TicketsOpen."""
        try:
            self.dynamodb.update(
                *self._places_key(ticket),
                "ADD #open :one SET expires_at = :ends",
                {
                    ":one": {ticket.id},
                    ":id": ticket.id,
                    ":most": TICKETS_OPEN_MAX,
                    ":ends": _places_end(ticket),
                },
                names={"#open": "open"},
                condition="attribute_not_exists(#open) OR size(#open) < :most OR contains(#open, :id)",
            )
        except ConditionFailed:
            raise TicketsOpen(most=TICKETS_OPEN_MAX) from None
        counter = self.dynamodb.update(*self._counter_key(ticket), "ADD issued :one", {":one": 1})
        number: int = counter["issued"]
        return number

    def release(self, session: Session, ticket: Redemption) -> None:
        """The member's place is free again: the ticket leaves the queue."""
        session.update(
            *self._places_key(ticket),
            "DELETE #open :one SET expires_at = :ends",
            {":one": {ticket.id}, ":ends": _places_end(ticket)},
            names={"#open": "open"},
        )

    def serving(self, ticket: Redemption) -> int:
        """The number that the ticket's queue shard serves now."""
        item = self.dynamodb.get(*self._counter_key(ticket))
        return item.get("serving", 0) if item else 0

    def advance(self, ticket: Redemption) -> None:
        """The queue shard has come as far as the ticket's number."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self._counter_key(ticket),
                "SET serving = :n",
                {":n": ticket.number},
                condition="attribute_not_exists(serving) OR serving < :n",
            )

    def requeue(self, ticket: Redemption, now: datetime, before: datetime) -> None:
        """Change a ticket's item, so that the stream reports it again, unless that was done since ``before``."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *Key(self.table, {"owner": member(ticket.member_id), "entry": f"X#{ticket.id}"}),
                "SET requeued_at = :now ADD version :one",
                {
                    ":now": clock.to_text(now),
                    ":before": clock.to_text(before),
                    ":queued": QUEUED,
                    ":one": 1,
                },
                names={"#status": "status"},
                condition="#status = :queued AND (attribute_not_exists(requeued_at) OR requeued_at <= :before)",
            )

    def _counter_key(self, ticket: Redemption) -> Key:
        return Key(self.table, {"owner": f"queue:{ticket.reward_id}:{ticket.queue_shard}", "entry": "queue"})

    def _places_key(self, ticket: Redemption) -> Key:
        return Key(self.table, {"owner": member(ticket.member_id), "entry": f"Q#{ticket.reward_id}"})


def _places_end(ticket: Redemption) -> int:
    return int(ticket.redeemed_at.timestamp()) + PLACES_SECONDS
