"""Friends: both are, or neither is. A code makes them; either ends it, alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.members.codes import FRIEND, LIFE, Codes
from puhui.members.errors import InvitationInvalid, OwnInvitation
from puhui.members.repository import Members
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


@dataclass(frozen=True)
class Friend:
    """One friend of a member."""

    id: str
    nickname: str
    since: datetime

    def body(self) -> dict[str, Any]:
        """The contract's ``Friend``."""
        return {"id": self.id, "nickname": self.nickname, "since": clock.to_text(self.since)}


def befriend(member_id: str, code: str, *, members: Members, codes: Codes, now: datetime) -> Friend:
    """Become friends with who made the code; repeating changes nothing.

    One read and one transaction of 4 items (8 write units). Raises InvitationInvalid (also for somebody whom the other
    has removed since the code was made), InvitationExpired, OwnInvitation, TooManyFriends, MemberNotFound.
    """
    invitation = codes.read(FRIEND, code, now)
    other_id = invitation.member_id
    if other_id == member_id:
        raise OwnInvitation

    def build(session: Session) -> datetime:
        since, removed_at = members.friendships.find(member_id, other_id)
        if since:
            return since
        if removed_at and invitation.issued_at <= removed_at:
            raise InvitationInvalid
        members.friendships.add(session, member_id, other_id, now)
        return now

    since = attempt(members.dynamodb, build)
    return Friend(other_id, members.find(other_id).nickname, since)


def remove(member_id: str, friend_id: str, *, members: Members, now: datetime) -> None:
    """End a friendship; the codes that the member gave no longer work for the other. Repeating changes nothing.
    5 items, 10 write units."""

    def build(session: Session) -> None:
        since, _ = members.friendships.find(friend_id, member_id)
        if since:
            members.friendships.remove(session, member_id, friend_id, now, now + LIFE)

    attempt(members.dynamodb, build)


def friends_of(
    member_id: str, limit: int, cursor: str | None, *, members: Members, cursors: Cursors
) -> Page[Friend]:
    """A page of the member's friends, by id: two reads."""
    scope = f"friends:{member_id}"
    found, last = members.friendships.page(member_id, limit, cursors.read_id(scope, cursor))
    names = members.nicknames([friend_id for friend_id, _ in found])
    friends = [Friend(friend_id, names.get(friend_id, ""), since) for friend_id, since in found]
    return Page(friends, cursors.write_id(scope, last))
