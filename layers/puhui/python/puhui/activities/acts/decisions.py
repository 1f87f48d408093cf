"""How the verification of an act ended, as its item says it: for those who follow the table's stream."""

from puhui.activities.acts.model import HELD, MATURING, REFUSED, VERIFYING, Decision
from puhui.activities.acts.repository import ACTIVITY
from puhui.store.values import Item


def decision_in(item: Item) -> Decision | None:
    """The decision in an item of this table; None when it is no act that was verified, or is not decided yet. An act
    that is to be collected has one when it has ended. An appeal that has ended, or a reversal, is a decision of its own, whatever the act."""
    if not item["entry"].startswith("A#"):
        return None
    after = _later_decision(item)
    verified = item["first"] in (VERIFYING, HELD, REFUSED)
    if not after and (not verified or item["status"] in (VERIFYING, HELD, MATURING)):
        return None
    act = ACTIVITY.read(item)
    return Decision(
        activity_id=act.id,
        member_id=act.member_id,
        programme_id=act.programme_id,
        behaviour=act.behaviour,
        status=act.status,
        credits_mg=0 if act.points_only else act.credits_mg,
        points=act.points,
        reason_code=act.reason_code,
        transfer_id=act.entry_id,
        after=after,
    )


def _later_decision(item: Item) -> str:
    """The appeal or the reversal by which an act is as it is."""
    appeal = item.get("appeal") or {}
    if appeal.get("state", "open") != "open":
        return f"{appeal['id']}-{appeal['decided_at']}"
    return str((item.get("reversal") or {}).get("transfer_id", ""))
