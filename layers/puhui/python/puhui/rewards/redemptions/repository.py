"""Redemptions in the table, and which notices were sent about them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.ledger.api import member
from puhui.rewards.checks import check_at
from puhui.rewards.errors import RedemptionNotFound
from puhui.rewards.payables import payable_to
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.repository import MEMBER, Repository, locked
from puhui.store.client import ConditionFailed, Key
from puhui.store.conditions import OptimisticLockFailed, SameRequest
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

BY_TIME = "redemptions_by_time"


def _indexed(redemption: Redemption) -> Item:
    """It is payable once it has a ``payable_id`` and nothing has to be checked."""
    if redemption.next_check_at:
        at = check_at(redemption.id, redemption.next_check_at)
        return {"ends_in": at["ends_in"]}
    if not redemption.payable_id:
        return {}
    return payable_to(redemption.merchant_id, redemption.payable_id, redemption.settlement_id)


REDEMPTION = Record(
    Redemption,
    owner=MEMBER,
    entry="X#{id}",
    names={"programme_id": "programme", "next_check_at": "ends_at", "payable_id": "due_id"},
    always=("version", "kind"),
    extra=_indexed,
)


class RedemptionRepository(Repository):
    """Redemptions of members."""

    def redemption_key(self, member_id: str, redemption_id: str) -> Key:
        """A redemption's key."""
        return Key(self.table, REDEMPTION.key(member_id=member_id, id=redemption_id))

    def redemption(self, member_id: str, redemption_id: str) -> Redemption | None:
        """A member's redemption."""
        item = self.dynamodb.get(*self.redemption_key(member_id, redemption_id))
        return REDEMPTION.read(item) if item else None

    def find(self, member_id: str, redemption_id: str) -> Redemption:
        """One of the member's redemptions. Raises RedemptionNotFound, for somebody else's too."""
        if (redemption := self.redemption(member_id, redemption_id)) is None:
            raise RedemptionNotFound
        return redemption

    def by_time(
        self, member_id: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Redemption], dict[str, str] | None]:
        """A page of a member's redemptions, newest first, and the position of the next: {id, transfer_id}. Only what the index
        projects: no secrets, nothing that only the saga needs."""
        begin = None
        if start:
            key = self.redemption_key(member_id, start["id"]).key
            begin = {**key, "transfer_id": start["transfer_id"]}
        items, last = self.dynamodb.query(
            self.table,
            "#owner = :o",
            {":o": member(member_id)},
            index=BY_TIME,
            names={"#owner": "owner"},
            limit=limit,
            forward=False,
            start=begin,
        )
        position = {"id": last["entry"][2:], "transfer_id": last["transfer_id"]} if last else None
        return [REDEMPTION.read(item, body_hash="") for item in items], position

    def by_id(self, member_id: str, limit: int, start: str | None) -> tuple[list[Redemption], str | None]:
        """A page of a member's redemptions, whole, in the order of their ids, and the id of the last one when there may be more."""
        owner = ("owner", member(member_id))
        items, last = self.dynamodb.entries(self.table, owner, "X#", limit=limit, after=start)
        return [REDEMPTION.read(item) for item in items], last

    def all_of(self, member_id: str) -> Iterator[Redemption]:
        """Everything that a member ever redeemed."""
        owner = ("owner", member(member_id))
        return (REDEMPTION.read(item) for item in self.dynamodb.all_entries(self.table, owner, "X#"))

    def add(self, session: Session, redemption: Redemption) -> None:
        """A new redemption, by the request whose ``body_hash`` it has. Raises AlreadyExists, IdempotencyKeyReused."""
        error = SameRequest(body_hash=redemption.body_hash)
        session.put(self.table, REDEMPTION.item(redemption), unless="entry", error=error)

    def change(self, session: Session, before: Redemption, after: Redemption) -> Redemption:
        """A redemption's next state, under the optimistic lock; the redemption with its new version."""
        after = replace(after, version=before.version + 1)
        item = REDEMPTION.item(after)
        session.put(self.table, item, **locked(before.version), error=OptimisticLockFailed())
        return after

    def confirm_receipt(self, redemption: Redemption, now: datetime) -> None:
        """The member received what was sent; the first time counts."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self.redemption_key(redemption.member_id, redemption.id),
                "SET received_at = :now ADD version :one",
                {":now": clock.to_text(now), ":one": 1},
                condition="attribute_exists(sent_at) AND attribute_not_exists(received_at)",
            )

    def confirm_piece(self, session: Session, member_id: str, redemption_id: str, now: datetime) -> None:
        """One more piece was handed out at the till."""
        session.update(
            *self.redemption_key(member_id, redemption_id),
            "ADD confirmed :one, version :one SET received_at = :now",
            {":one": 1, ":now": clock.to_text(now)},
            condition="attribute_exists(entry)",
        )

    def claim_notice(self, member_id: str, about: str) -> bool:
        """Whether nobody has sent this notice yet; from now on somebody has."""
        claim: dict[str, Any] = {":sent": True}
        try:
            self.dynamodb.update(
                *Key(self.table, {"owner": member(member_id), "entry": f"N#{about}"}),
                "SET sent = :sent",
                claim,
                condition="attribute_not_exists(sent)",
            )
        except ConditionFailed:
            return False
        return True
