"""The acts of a member that partners sent. Their items stand under the records' own keys, so the member's days lead to them."""

from collections.abc import Iterator

from puhui.activities.acts.model import Activity, is_of_record
from puhui.activities.acts.repository import DAY, Acts
from puhui.ledger.api import member
from puhui.store.erasing import items_of


def of_records(member_id: str, *, acts: Acts) -> Iterator[Activity]:
    """Every act of the member that is a partner's record, day by day; one that counts in two days comes twice."""
    for item in items_of(acts.dynamodb, acts.table, ("owner", member(member_id)), "D#"):
        ids = [each.activity_id for each in DAY.read(item).entries if is_of_record(each.activity_id)]
        for activity_id in dict.fromkeys(ids):
            act = acts.find(member_id, activity_id)
            if act and act.member_id == member_id:
                yield act
