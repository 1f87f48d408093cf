"""What becomes of an erased member here, in two steps: ``close`` ends sign-in at once, ``erase_member`` removes the rest.

What is kept: the record of consents, for three years, under the member's id, which by then names nobody: it is the evidence that
whatever was done had been agreed to. Everything else goes. Families of refresh tokens hold a random token's hash; they work no
longer, since nobody can be found behind them, and end by their time to live.
"""

from collections.abc import Mapping
from datetime import datetime

from puhui.members.codes import LIFE
from puhui.members.errors import MemberNotFound
from puhui.members.friendships import FriendshipRepository, member_key
from puhui.members.guardians import leave_family
from puhui.members.repository import CONSENT, CONSENTS_KEPT, Members
from puhui.store.client import ConditionFailed
from puhui.store.erasing import erase_entries, items_of
from puhui.store.session import Session, attempt
from puhui.store.values import Item


def close(member_id: str, *, members: Members) -> None:
    """From now on nobody signs in as this member: whoever comes with the same WeChat identity is a new one, and no refresh token
    works. What identified the person is gone. Again changes nothing."""
    try:
        member = members.find(member_id)
    except MemberNotFound:
        return
    if member.sealed_openid:
        openid = members.sealer.open(member.sealed_openid, member_id, "openid")
        members.free_identity(openid, member_id)
    try:
        members.dynamodb.update(
            members.table,
            member_key(member_id),
            "SET closed = :yes, nickname = :none, #roles = :nobody, org = :none REMOVE sealed_openid, sealed_session_key",
            {":yes": True, ":none": "", ":nobody": []},
            names={"#roles": "roles"},
            condition="attribute_exists(entry)",
        )
    except ConditionFailed:
        return


def erase_member(member_id: str, now: datetime, *, members: Members) -> Mapping[str, int]:
    """Remove the member, friendships and guardianships from both sides, and all else but the record of consents."""
    close(member_id, members=members)
    leave_family(member_id, now, members=members)
    friends = 0
    while found := members.friendships.page(member_id, 100, None)[0]:
        for friend_id, _ in found:
            _end_friendship(member_id, friend_id, members, now)
            friends += 1
    consents = 0
    for item in items_of(members.dynamodb, members.table, _owner(member_id), "C#"):
        if "ends" not in item:
            members.dynamodb.put_all(members.table, [_kept_consent(item, now)])
            consents += 1
    erased = erase_entries(
        members.dynamodb,
        members.table,
        _owner(member_id),
        unless=lambda item: item["entry"].startswith("C#"),
    )
    return {"friends": friends, "consents_kept": consents, "items": erased}


def _end_friendship(member_id: str, friend_id: str, members: Members, now: datetime) -> None:
    friendships: FriendshipRepository = members.friendships

    def build(session: Session) -> None:
        since, _ = friendships.find(member_id, friend_id)
        if since is not None:
            friendships.remove(session, member_id, friend_id, now, now + LIFE)

    try:
        attempt(members.dynamodb, build)
    except MemberNotFound:  # one of the two is gone already: what is left is the other's half
        for mine, theirs in ((member_id, friend_id), (friend_id, member_id)):
            members.dynamodb.delete_all(members.table, [{"owner": f"member:{mine}", "entry": f"F#{theirs}"}])


def _kept_consent(item: Item, now: datetime) -> Item:
    """An answer as it is kept: what was agreed to, when, by which notice, and nothing that was said beside it."""
    kept = CONSENT.item(CONSENT.read(item))
    return {
        "owner": item["owner"],
        "entry": item["entry"],
        **kept,
        "ends": int((now + CONSENTS_KEPT).timestamp()),
    }


def _owner(member_id: str) -> tuple[str, str]:
    return ("owner", f"member:{member_id}")
