"""What becomes of an erased member who worked for merchants or applied as one: the places on staffs go.

A merchant is a business, and stays with whoever else works there; its papers are the merchant's. Where nobody is left, its sealed contact
and its uploaded documents go, too: the authority keeps that it was certified, and when.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from puhui.kernel import clock
from puhui.merchants.applications.repository import APPLICATION
from puhui.merchants.repositories import Merchants
from puhui.merchants.repository import merchant_key
from puhui.merchants.staff.model import OWNER, Staff
from puhui.merchants.staff.repository import BOTH_SIDES, gone_key
from puhui.store.conditions import OptimisticLockFailed
from puhui.store.erasing import erase_entries
from puhui.store.session import Session, attempt
from puhui.store.values import Item

DeleteFiles = Callable[[str], int]
"""Delete all objects below a prefix; how many."""
DOCUMENT = "D#"


def erase_member(
    member_id: str, now: datetime, *, merchants: Merchants, delete_files: DeleteFiles
) -> Mapping[str, int]:
    """Leave every staff, also as its last owner, and forget what was uploaded but for the papers of merchants that go on. Again changes
    nothing."""
    places, files = merchants.memberships_of(member_id), 0
    for staff in places:
        if _is_alone(staff, merchants):
            files += _clear(staff.merchant_id, member_id, merchants, delete_files)
        _leave(staff, merchants, now)  # last, since nothing else tells that there was something to clear
    files += delete_files(f"uploads/{member_id}/")
    owner = ("owner", f"member:{member_id}")
    items = erase_entries(merchants.dynamodb, merchants.table, owner, unless=_is_a_merchants)
    return {"places": len(places), "files": files, "items": items}


def _is_a_merchants(item: Item) -> bool:
    """Whether it is a document that an application named: then it is among the merchant's papers, and has no end of its own."""
    return item["entry"].startswith(DOCUMENT) and "ends" not in item


def _is_alone(staff: Staff, merchants: Merchants) -> bool:
    others, _ = merchants.staff.page(staff.merchant_id, 2, None)
    return all(each.member_id == staff.member_id for each in others)


def _clear(merchant_id: str, member_id: str, merchants: Merchants, delete_files: DeleteFiles) -> int:
    """Remove the member's documents of a merchant where nobody else works, and its sealed contact; how many files went."""
    _, application = merchants.applications.find(merchant_id)
    named = [each.id for each in application.documents if each.member_id == member_id]
    files = sum(delete_files(f"documents/{member_id}/{each}") for each in named)
    keys = [{"owner": f"member:{member_id}", "entry": f"{DOCUMENT}{each}"} for each in named]
    merchants.dynamodb.delete_all(merchants.table, keys)
    session = Session(merchants.dynamodb)
    session.put(merchants.table, APPLICATION.item(replace(application, contact=b"", body_hash="")))
    session.commit()
    return files


def _leave(staff: Staff, merchants: Merchants, now: datetime) -> None:
    """As ``StaffRepository.remove``, but nobody has to be left."""

    def build(session: Session) -> None:
        present = merchants.staff.get(staff.merchant_id, staff.member_id)
        if present is None:
            return
        for record in BOTH_SIDES:
            key = record.key(merchant_id=staff.merchant_id, member_id=staff.member_id)
            session.delete(
                merchants.table,
                key,
                condition="#role = :role",
                values={":role": present.role},
                names={"#role": "role"},
                error=OptimisticLockFailed(),
            )
        counters = "ADD people :less, owners :less" if present.role == OWNER else "ADD people :less"
        session.update(*merchant_key(staff.merchant_id, merchants.table), counters, {":less": -1})
        gone = gone_key(staff.merchant_id, staff.member_id, merchants.table).key
        session.put(merchants.table, {**gone, "at": clock.to_text(now)})

    attempt(merchants.dynamodb, build)
