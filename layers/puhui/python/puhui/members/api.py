"""What other contexts may ask of members."""

import os
from datetime import date, datetime

from cryptography.exceptions import InvalidTag

from puhui.members.capture_api import STEPS, Standing, standing_from
from puhui.members.codes import HOUSEHOLD, LIFE, Codes, Invitation
from puhui.members.errors import (
    FriendNotFound,
    InvitationExpired,
    InvitationInvalid,
    MemberNotFound,
    OwnInvitation,
)
from puhui.members.friendships import member_key
from puhui.members.guardians import require_ward
from puhui.members.minor_counters import EXPORTS
from puhui.members.repository import MEMBER, Members
from puhui.store.session import Session
from puhui.wechat.api import (
    ContentRisky,
    Scene,
    SessionStale,
    Suggestion,
    WeChat,
    decrypt_user_data,
    steps_by_day,
)

__all__ = [
    "HOUSEHOLD",
    "LIFE",
    "Codes",
    "Invitation",
    "InvitationExpired",
    "InvitationInvalid",
    "MemberNotFound",
    "Members",
    "count_export",
    "friend_ids",
    "openid_of",
    "org_of",
    "read_steps",
    "require_consent",
    "require_fit",
    "require_friends",
    "require_other",
    "require_ward",
]


def require_consent(member_id: str, purpose: str, now: datetime, *, members: Members) -> Standing:
    """Raise ConsentRequired unless the member agrees to ``purpose``, GuardianRequired for a child whom nobody has in charge; one
    read. Who reads something else anyway reads the item with it: ``capture_api``."""
    standing = standing_from(members.dynamodb.get(members.table, member_key(member_id)))
    standing.require(purpose, now)
    return standing


def require_friends(member_id: str, other_id: str, *, members: Members) -> None:
    """Raise FriendNotFound unless the two are friends; one read."""
    if not members.friendships.exists(member_id, other_id):
        raise FriendNotFound


def friend_ids(member_id: str, most: int, *, members: Members) -> list[str]:
    """The ids of up to so many friends; one query."""
    found, _ = members.friendships.page(member_id, most, None)
    return [friend_id for friend_id, _ in found]


def require_other(invitation: Invitation, member_id: str) -> str:
    """Who invited. Raises OwnInvitation when that is the member."""
    if invitation.member_id == member_id:
        raise OwnInvitation
    return invitation.member_id


def openid_of(member_id: str, *, members: Members) -> str:
    """The member's openid, for the platform only. Raises MemberNotFound, also for one whose account was closed."""
    sealed = members.find(member_id).sealed_openid
    if not sealed:
        raise MemberNotFound
    return members.sealer.open(sealed, member_id, "openid")


def org_of(member_id: str, *, members: Members) -> str:
    """The organisation that a member is on record with; nothing where none is known. One read."""
    try:
        return members.find(member_id).org
    except MemberNotFound:
        return ""


def require_fit(text: str, member_id: str, *, members: Members, wechat: WeChat) -> None:
    """Raise ContentRisky unless the member's text passes the platform's check; UserAway, WeChatBusy."""
    openid = openid_of(member_id, members=members)
    if wechat.msg_sec_check(text, openid, Scene.PROFILE).suggestion != Suggestion.PASS:
        raise ContentRisky


def read_steps(
    member_id: str, encrypted_data: str, iv: str, now: datetime, *, members: Members
) -> tuple[list[tuple[date, int]], Standing]:
    """The days and steps of wx.getWeRunData, latest first, and the member's standing; one read.

    Raises ConsentRequired, GuardianRequired; SessionStale when the data does not open with the member's present session key, DataMalformed
    and DataOld when it does and is not what WeChat writes.
    """
    item = members.dynamodb.get(members.table, member_key(member_id))
    standing = standing_from(item)
    standing.require(STEPS, now)
    sealed = MEMBER.read(item or {}).sealed_session_key
    try:
        session_key = members.sealer.open(sealed, member_id, "session_key")
    except InvalidTag:
        raise SessionStale from None
    app_id = os.environ["WECHAT_APP_ID"]
    days = steps_by_day(decrypt_user_data(encrypted_data, iv, session_key, app_id=app_id, now=now))
    return sorted(days.items(), reverse=True), standing


def count_export(child_id: str, now: datetime, *, members: Members) -> None:
    """Count that a guardian asked for a child's data, for the yearly report."""
    session = Session(members.dynamodb)
    members.minors.count(session, child_id, now, {EXPORTS: 1})
    session.commit()
