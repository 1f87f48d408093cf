"""What members are refused, and why."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unauthenticated
from puhui.kernel.words import purpose_title
from puhui.store.conditions import OptimisticLockFailed


class MemberNotFound(NotFound):
    code = "MEMBER_NOT_FOUND"


class ConsentRequired(Forbidden):
    """``purpose`` is what the member has not agreed to, or no longer."""

    code = "CONSENT_REQUIRED"
    zh = "需要您先同意用途「{name}」的授权：PUT /me/consents/{purpose}。"
    en = "This needs your consent first ({name}): PUT /me/consents/{purpose}."

    def __init__(self, purpose: str) -> None:
        super().__init__(purpose=purpose, name=purpose_title(purpose))


class GuardianRequired(Forbidden):
    """A child whom no guardian has taken in charge."""

    code = "GUARDIAN_REQUIRED"
    zh = "未满 14 周岁须由监护人同意：请出示 GET /me/guardian-code 的码，由监护人提交 POST /me/wards。"
    en = "Under 14 a guardian has to agree first: show the code of GET /me/guardian-code, and let your guardian send POST /me/wards."


class GuardianDecides(Forbidden):
    """A child agrees to nothing alone; withdrawing is always free."""

    code = "GUARDIAN_DECIDES"
    zh = "未满 14 周岁的授权由监护人在其账户中给出（put_ward_consent）。您可以随时撤回。"
    en = "Under 14 your guardian agrees for you, from the own account (put_ward_consent). You may withdraw at any time."


class NotForMinors(Forbidden):
    """``what`` is closed to the age group of one of those concerned."""

    code = "NOT_FOR_MINORS"
    zh = "未成年人不能使用此功能（{what}）。"
    en = "This is closed to minors ({what})."


class BirthYearDeclared(Conflict):
    """A child does not become older by another declaration."""

    code = "BIRTH_YEAR_DECLARED"
    zh = "出生年份已申报，不能改为更年长；请由监护人更正（correct_ward_birth_year）。"
    en = "The birth year was declared. It is not made earlier by yourself; your guardian corrects it (correct_ward_birth_year)."


class BirthYearInvalid(Invalid):
    code = "BIRTH_YEAR_INVALID"
    zh = "出生年份不合理。"
    en = "Nobody who is here was born in that year."


class NotAChild(Conflict):
    code = "NOT_A_CHILD"
    zh = "只有申报未满 14 周岁的成员需要监护人：先由其申报出生年份 PUT /me/birth-year。"
    en = "Only members who declared to be under 14 have guardians: the child declares the birth year first, PUT /me/birth-year."


class GuardianNotAdult(Forbidden):
    code = "GUARDIAN_NOT_ADULT"
    zh = "监护人须为成年人：请先申报出生年份 PUT /me/birth-year。"
    en = "A guardian is an adult: declare your birth year first, PUT /me/birth-year."


class NoticeChanged(Conflict):
    """``version`` is the notice that is in force."""

    code = "NOTICE_CHANGED"
    zh = "告知书已更新为 {version} 版，请重新阅读后再同意：GET /guardian-notice。"
    en = "The notice is version {version} now. Read it again before you agree: GET /guardian-notice."


class WardNotFound(NotFound):
    code = "WARD_NOT_FOUND"
    zh = "没有这位被监护人。"
    en = "You are nobody's guardian with this id."


class TooManyWards(Conflict):
    code = "TOO_MANY_WARDS"
    zh = "监护关系已达上限（监护人最多 {wards} 位被监护人，孩子最多 {guardians} 位监护人）。"
    en = "A guardian has at most {wards} wards, a child at most {guardians} guardians."


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
        if item is None:
            return MemberNotFound()
        if item.get("birth_year", 0) >= self.details["born"]:
            return NotForMinors(what="invitations")
        return TooManyFriends(limit=self.details["limit"])


class RoomForWards(DomainError):
    """The condition of one more ward: the guardian exists, is the adult that was read, and has fewer than the limit."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item is None:
            return MemberNotFound()
        if item.get("wards", 0) >= self.details["wards"]:
            return TooManyWards(**self.details)
        return OptimisticLockFailed()
