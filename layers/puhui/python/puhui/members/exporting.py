"""What a member takes along of the account itself."""

from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.members.errors import MemberNotFound
from puhui.members.minor_counters import EXPORTS
from puhui.members.repository import CONSENT, Members
from puhui.store.erasing import items_of
from puhui.store.session import Session


def profile(member_id: str, *, members: Members) -> dict[str, Any]:
    """The member as we know it: the WeChat identity too, which is the member's own."""
    member = members.find(member_id)
    openid = members.sealer.open(member.sealed_openid, member_id, "openid") if member.sealed_openid else ""
    friends = items_of(members.dynamodb, members.table, ("owner", f"member:{member_id}"), "F#")
    return {
        **member.body(),
        "wechat_openid": openid,
        "friends": [{"member_id": each["entry"][2:], "since": each["since"]} for each in friends],
    }


def count_export(session: Session, member_id: str, now: datetime, *, members: Members) -> None:
    """Count a minor's export for the yearly report, in the transaction that says that it is ready; nobody else's is counted."""
    try:
        member = members.find(member_id)
    except MemberNotFound:
        return
    if member.group(now):
        members.minors.count(session, member_id, now, {EXPORTS: 1})


def consents(member_id: str, *, members: Members) -> list[dict[str, Any]]:
    """Every answer that the member ever gave, in the order of purposes and times."""
    items = items_of(members.dynamodb, members.table, ("owner", f"member:{member_id}"), "C#")
    answers = (CONSENT.read(item) for item in items)
    return [
        {
            "purpose": each.purpose,
            "granted": each.granted,
            "version": each.version,
            "at": clock.to_text(each.at),
        }
        for each in answers
    ]
