"""What a member takes along of the account itself."""

from typing import Any

from puhui.kernel import clock
from puhui.members.repository import CONSENT, Members
from puhui.store.erasing import items_of


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
