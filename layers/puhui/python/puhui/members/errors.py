"""What members are refused, and why."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unauthenticated
from puhui.kernel.words import PURPOSES


class MemberNotFound(NotFound):
    code = "MEMBER_NOT_FOUND"


class ConsentRequired(Forbidden):
    """``purpose`` is what the member has not agreed to, or no longer."""

    code = "CONSENT_REQUIRED"
    zh = "需要您先同意用途「{name}」的授权：PUT /me/consents/{purpose}。"
    en = "This needs your consent first ({name}): PUT /me/consents/{purpose}."

    def __init__(self, purpose: str) -> None:
        super().__init__(purpose=purpose, name=PURPOSES[purpose])


class RefreshInvalid(Unauthenticated):
    code = "REFRESH_INVALID"
    zh = "刷新令牌无效或已过期，请重新登录。"
    en = "The refresh token is not valid any more. Sign in again with wx.login."


class RefreshReused(Unauthenticated):
    code = "REFRESH_REUSED"
    zh = "刷新令牌已被使用过，为安全起见请重新登录。"
    en = "The refresh token was used before. For safety every token of this sign-in has ended; sign in again."


class NicknameRefused(Invalid):
    code = "NICKNAME_REFUSED"
    zh = "这个昵称不合适，请换一个。"
    en = "This nickname is not acceptable. Choose another."


class InvitationInvalid(Invalid):
    code = "INVITATION_INVALID"
    zh = "邀请码无效，请让对方重新分享。"
    en = "The code is not valid. Ask for a new one."


class InvitationExpired(Invalid):
    code = "INVITATION_EXPIRED"
    zh = "邀请码已过期，请让对方重新分享。"
    en = "The code has expired. Ask for a new one."


class OwnInvitation(Invalid):
    code = "OWN_INVITATION"
    zh = "这是您自己的邀请码。"
    en = "This is your own code."


class FriendNotFound(NotFound):
    code = "FRIEND_NOT_FOUND"
    zh = "没有这位好友。"
    en = "You have no such friend."


class TooManyFriends(Conflict):
    code = "TOO_MANY_FRIENDS"
    zh = "您或对方的好友已达上限（{limit} 位）。"
    en = "You or the other have as many friends as there can be ({limit})."


class RoomForFriends(DomainError):
    """The condition of one more friend: the member exists and has fewer than the limit."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        return TooManyFriends(limit=self.details["limit"]) if item else MemberNotFound()
