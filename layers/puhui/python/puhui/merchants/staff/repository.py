"""Branches and staff in the merchants' table (keys: ``merchants/repository.py``)."""

from datetime import datetime

from puhui.kernel import clock
from puhui.merchants.errors import BranchesFull, LastOwner, RoomForStaff
from puhui.merchants.repository import Repository, merchant_key
from puhui.merchants.staff.model import BRANCHES_MAX, OWNER, STAFF_MAX, Branch, Staff
from puhui.store.client import Key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.records import Record
from puhui.store.session import Session
from puhui.store.values import Item

BRANCH = Record(Branch, owner="merchant:{merchant_id}", entry="B#{id}")
STAFF = Record(Staff, owner="merchant:{merchant_id}", entry="S#{member_id}", always=("branch_id",))
MEMBERSHIP = Record(Staff, owner="member:{member_id}", entry="M#{merchant_id}", always=("branch_id",))
BOTH_SIDES = (STAFF, MEMBERSHIP)
SAME_PLACE = "#role = :role AND branch_id = :branch"


class StaffRepository(Repository):
    """Branches, staff, and who left."""

    def branch(self, merchant_id: str, branch_id: str) -> Branch | None:
        """A branch, open or closed; one read."""
        item = self.dynamodb.get(*self._key(BRANCH, merchant_id=merchant_id, id=branch_id))
        return BRANCH.read(item) if item else None

    def branches(self, merchant_id: str, limit: int, start: str | None) -> tuple[list[Branch], str | None]:
        """A page of a merchant's branches."""
        items, last = self._page(f"merchant:{merchant_id}", "B#", limit, start)
        return [BRANCH.read(item) for item in items], last

    def put_branch(self, session: Session, branch: Branch) -> None:
        """Change a branch."""
        session.put(self.table, BRANCH.item(branch))

    def add_branch(self, session: Session, branch: Branch) -> None:
        """A new branch: 2 items. Raises BranchesFull."""
        session.put(self.table, BRANCH.item(branch), unless="entry", error=OptimisticLockFailed())
        session.update(
            *merchant_key(branch.merchant_id, self.table),
            "ADD branches :one",
            {":one": 1, ":max": BRANCHES_MAX},
            condition="attribute_not_exists(branches) OR branches < :max",
            error=BranchesFull(limit=BRANCHES_MAX),
        )

    def get(self, merchant_id: str, member_id: str) -> Staff | None:
        """The member's place on the staff, or None; one read."""
        item = self.dynamodb.get(*staff_key(merchant_id, member_id, self.table))
        return STAFF.read(item) if item else None

    def page(self, merchant_id: str, limit: int, start: str | None) -> tuple[list[Staff], str | None]:
        """A page of a merchant's staff."""
        items, last = self._page(f"merchant:{merchant_id}", "S#", limit, start)
        return [STAFF.read(item) for item in items], last

    def memberships(self, member_id: str, limit: int, start: str | None) -> tuple[list[Staff], str | None]:
        """A page of the member's places on staffs."""
        items, last = self._page(f"member:{member_id}", "M#", limit, start)
        return [MEMBERSHIP.read(item) for item in items], last

    def all_memberships(self, member_id: str) -> list[Staff]:
        """Every place that the member has on a staff."""
        items = self.dynamodb.all_entries(self.table, ("owner", f"member:{member_id}"), "M#")
        return [MEMBERSHIP.read(item) for item in items]

    def find_for_joining(
        self, merchant_id: str, inviter_id: str, member_id: str
    ) -> tuple[Staff | None, Staff | None, datetime | None]:
        """The inviter's place, the member's place, and when the member left last; one read."""
        inviter, present, gone = self.dynamodb.get_all(
            [
                staff_key(merchant_id, inviter_id, self.table),
                staff_key(merchant_id, member_id, self.table),
                gone_key(merchant_id, member_id, self.table),
            ]
        )
        return (
            STAFF.read(inviter) if inviter else None,
            STAFF.read(present) if present else None,
            clock.from_text(gone["at"]) if gone else None,
        )

    def check(self, session: Session, staff: Staff) -> None:
        """Nothing is written unless this place is unchanged."""
        session.check(
            *staff_key(staff.merchant_id, staff.member_id, self.table),
            SAME_PLACE,
            {":role": staff.role, ":branch": staff.branch_id},
            names={"#role": "role"},
            error=OptimisticLockFailed(),
        )

    def check_gone(
        self, session: Session, merchant_id: str, member_id: str, gone_at: datetime | None
    ) -> None:
        """Nothing is written when the member left after ``gone_at`` was read."""
        session.check(
            *gone_key(merchant_id, member_id, self.table),
            "#at = :at" if gone_at else "attribute_not_exists(#at)",
            {":at": clock.to_text(gone_at)} if gone_at else None,
            names={"#at": "at"},
            error=OptimisticLockFailed(),
        )

    def add(self, session: Session, before: Staff | None, after: Staff) -> None:
        """Add a member, or change the place of one who is no owner: 2 items, 3 for a new member or a new owner.

        Raises MerchantNotFound, DeciderMayNotJoin, StaffFull."""
        merchant, is_owner = merchant_key(after.merchant_id, self.table), after.role == OWNER
        put_staff(session, self.table, after, before)
        if before is None:
            session.update(
                *merchant,
                "ADD people :one, owners :one" if is_owner else "ADD people :one",
                {":one": 1, ":max": STAFF_MAX, ":m": after.member_id},
                condition="attribute_exists(entry) AND people < :max AND NOT contains(deciders, :m)",
                error=RoomForStaff(limit=STAFF_MAX, member_id=after.member_id),
            )
        elif is_owner:
            session.update(*merchant, "ADD owners :one", {":one": 1})

    def remove(self, session: Session, staff: Staff, now: datetime) -> None:
        """Remove a member, but not the last owner: 4 items. Raises LastOwner."""
        for record in BOTH_SIDES:
            session.delete(
                *self._key(record, merchant_id=staff.merchant_id, member_id=staff.member_id),
                condition="#role = :role",
                values={":role": staff.role},
                names={"#role": "role"},
                error=OptimisticLockFailed(),
            )
        owner = staff.role == OWNER
        session.update(
            *merchant_key(staff.merchant_id, self.table),
            "ADD people :less, owners :less" if owner else "ADD people :less",
            {":less": -1} | ({":one": 1} if owner else {}),
            condition="owners > :one" if owner else None,
            error=LastOwner(),
        )
        gone: Item = {
            **gone_key(staff.merchant_id, staff.member_id, self.table).key,
            "at": clock.to_text(now),
        }
        session.put(self.table, gone)


def put_staff(session: Session, table: str, after: Staff, before: Staff | None = None) -> None:
    """Write a place on the staff from both sides; over ``before``, or where there was none."""
    for record in BOTH_SIDES:
        if before is None:
            session.put(table, record.item(after), unless="entry", error=OptimisticLockFailed())
        else:
            session.put(
                table,
                record.item(after),
                condition=SAME_PLACE,
                values={":role": before.role, ":branch": before.branch_id},
                names={"#role": "role"},
                error=OptimisticLockFailed(),
            )


def staff_key(merchant_id: str, member_id: str, table: str) -> Key:
    """The key of a member's place on a staff."""
    return Key(table, STAFF.key(merchant_id=merchant_id, member_id=member_id))


def gone_key(merchant_id: str, member_id: str, table: str) -> Key:
    """The key of the item that records when a member left a staff."""
    return Key(table, {"owner": f"merchant:{merchant_id}", "entry": f"X#{member_id}"})
