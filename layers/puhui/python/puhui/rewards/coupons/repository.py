"""Coupons in the table: under their holder; and where they were redeemed, a pointer to whoever holds them now."""

from collections.abc import Iterator
from dataclasses import replace

from puhui.ledger.api import member
from puhui.rewards.checks import check_at
from puhui.rewards.coupons.model import ISSUED, OFFLINE_GRACE, Coupon
from puhui.rewards.payables import payable_to
from puhui.rewards.redemptions.model import Redemption
from puhui.rewards.repository import MEMBER, Repository, locked
from puhui.store.client import Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

BY_CODE = "coupons_by_code"
READS_MAX = 100  # keys of one BatchGetItem


def _indexed(coupon: Coupon) -> Item:
    """It is payable once it was used; until then it is checked when its time is over."""
    if coupon.status == ISSUED:
        return check_at(coupon.id, coupon.expires_at + OFFLINE_GRACE)
    if not coupon.payable_id:
        return {}
    return payable_to(coupon.merchant_id, coupon.payable_id, coupon.settlement_id)


COUPON = Record(
    Coupon,
    owner=MEMBER,
    entry="K#{id}",
    names={"programme_id": "programme", "expires_at": "expires_at_time", "payable_id": "due_id"},
    always=("version", "status"),
    extra=_indexed,
)


class CouponRepository(Repository):
    """Coupons of members."""

    def coupon_key(self, member_id: str, coupon_id: str) -> Key:
        """A coupon's key."""
        return Key(self.table, COUPON.key(member_id=member_id, id=coupon_id))

    def coupon(self, member_id: str, coupon_id: str) -> Coupon | None:
        """A coupon that the member holds."""
        item = self.dynamodb.get(*self.coupon_key(member_id, coupon_id))
        return COUPON.read(item) if item else None

    def by_code(self, code: str) -> Coupon | None:
        """The coupon of a code, at this moment."""
        items, _ = self.dynamodb.query(self.table, "code = :c", {":c": code}, index=BY_CODE, limit=1)
        if not items:
            return None
        item = self.dynamodb.get(*Key(self.table, {"owner": items[0]["owner"], "entry": items[0]["entry"]}))
        return COUPON.read(item) if item and item["code"] == code else None

    def page(self, member_id: str, limit: int, start: str | None) -> tuple[list[Coupon], str | None]:
        """A page of the coupons that a member holds, and the id of the last one when there may be more."""
        owner = ("owner", member(member_id))
        items, last = self.dynamodb.entries(self.table, owner, "K#", limit=limit, after=start)
        return [COUPON.read(item) for item in items], last

    def of_redemption(self, redemption: Redemption) -> list[Coupon | None]:
        """The coupons of a redemption that its member still holds; None for those that were handed on."""
        keys = [self.coupon_key(redemption.member_id, coupon_id) for coupon_id in redemption.coupons]
        return [COUPON.read(item) if item else None for item in self.dynamodb.get_all(keys)] if keys else []

    def redeemed_by(self, member_id: str) -> list[Coupon]:
        """The coupons of everything that a member redeemed, whoever holds them now."""
        coupons = [COUPON.read(item) for item in self._entries(member_id, "K#")]
        keys = [
            self.coupon_key(item["holder"], item["entry"][2:])
            for item in self._entries(member_id, "G#")
            if item["holder"] != member_id
        ]
        for first in range(0, len(keys), READS_MAX):
            found = self.dynamodb.get_all(keys[first : first + READS_MAX])
            coupons += [COUPON.read(item) for item in found if item]
        return [coupon for coupon in coupons if coupon.redeemer_id == member_id]

    def _entries(self, member_id: str, prefix: str) -> Iterator[Item]:
        return self.dynamodb.all_entries(self.table, ("owner", member(member_id)), prefix)

    def add(self, session: Session, coupon: Coupon) -> None:
        """A new coupon."""
        session.put(self.table, COUPON.item(coupon), unless="entry")

    def change(self, session: Session, before: Coupon, after: Coupon) -> Coupon:
        """A coupon's next state, under the optimistic lock; the coupon with its new version."""
        after = replace(after, version=before.version + 1)
        lock = locked(before.version)
        session.put(self.table, COUPON.item(after), **lock, error=OptimisticLockFailed())
        return after

    def hand_on(self, session: Session, before: Coupon, given: Coupon) -> None:
        """Give a coupon from its holder to another, and say so where it was redeemed."""
        key = self.coupon_key(before.member_id, before.id).key
        session.delete(self.table, key, **locked(before.version), error=OptimisticLockFailed())
        self.add(session, replace(given, version=before.version + 1))
        pointer = Key(self.table, {"owner": member(given.redeemer_id), "entry": f"G#{given.id}"}).key
        session.put(self.table, {**pointer, "holder": given.member_id})
