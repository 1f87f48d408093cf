"""What merchants, their staff and the authority are refused, and why."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound


class MerchantNotFound(NotFound):
    code = "MERCHANT_NOT_FOUND"
    zh = "没有这个商家。"
    en = "There is no such merchant."


class MerchantNotCertified(Conflict):
    code = "MERCHANT_NOT_CERTIFIED"
    zh = "商家尚未通过认证。"
    en = "The merchant is not certified."


class MerchantSuspended(Conflict):
    code = "MERCHANT_SUSPENDED"
    zh = "商家已被暂停。"
    en = "The merchant is suspended."


class LegalIdInvalid(Invalid):
    code = "LEGAL_ID_INVALID"
    zh = "统一社会信用代码有误，请核对后重填。"
    en = "The unified social credit code is not right: its check digit does not fit."


class LegalIdTaken(Conflict):
    code = "LEGAL_ID_TAKEN"
    zh = "这个统一社会信用代码在该项目中已有商家。"
    en = "This unified social credit code has a merchant in the programme already."


class TooManyApplications(Conflict):
    code = "TOO_MANY_APPLICATIONS"
    zh = "您已有 {limit} 份申请在等待认证，请等其中一份有了决定再提交。"
    en = "You have {limit} applications that wait already. Hand in another one when one of them is decided."


class DocumentNotFound(NotFound):
    code = "DOCUMENT_NOT_FOUND"
    zh = "没有找到材料 {document_id}，请先用 POST /merchant/documents 登记并上传。"
    en = "There is no document {document_id} of yours. Register it with POST /merchant/documents and upload it first."


class DocumentMissing(Invalid):
    code = "DOCUMENT_MISSING"
    zh = "材料 {document_id} 还没有上传。"
    en = "The document {document_id} has not been uploaded."


class DocumentChanged(Invalid):
    code = "DOCUMENT_CHANGED"
    zh = "材料 {document_id} 与登记的不一致（类型、大小或 SHA-256），请重新登记并上传。"
    en = "The document {document_id} is not the one that was announced (type, size or SHA-256). Announce and upload it anew."


class NotAPicture(Invalid):
    code = "NOT_A_PICTURE"
    zh = "材料 {document_id} 不是图片：请以 kind 为 picture 登记 JPEG 或 PNG。"
    en = "The document {document_id} is not a picture. Announce a JPEG or PNG with kind picture."


class ReasonRequired(Invalid):
    code = "REASON_REQUIRED"
    zh = "不予认证时请给出 reason_code。"
    en = "A refusal needs a reason_code."


class OwnMerchant(Forbidden):
    code = "OWN_MERCHANT"
    zh = "您是这个商家的申请人，或是、曾是它的员工，不能就它作出决定，请由他人处理。"
    en = "You applied for this merchant, or work or worked there, so you may not decide about it. Somebody else has to."


class SuspenderMayNotReinstate(Forbidden):
    code = "SUSPENDER_MAY_NOT_REINSTATE"
    zh = "作出暂停决定的人不能恢复商家，请由另一个人处理。"
    en = "Whoever suspended a merchant may not reinstate it. Somebody else has to."


class DeciderMayNotJoin(Forbidden):
    code = "DECIDER_MAY_NOT_JOIN"
    zh = "您曾就这个商家作出决定，不能成为它的员工。"
    en = "You have decided about this merchant, so you may not join its staff."


class MerchantDecided(Conflict):
    code = "MERCHANT_DECIDED"
    zh = "商家现在的状态是 {status}，不能这样处理。"
    en = "The merchant is {status} now, so this cannot be done."


class ApplicationChanged(Conflict):
    code = "APPLICATION_CHANGED"
    zh = "申请在您阅读之后有变动，现在是第 {version} 版，请重新阅读后再决定。"
    en = "The application has changed since you read it: it is version {version} now. Read it again, then decide."


class BranchesFull(Conflict):
    code = "BRANCHES_FULL"
    zh = "商家的门店已达上限（{limit} 家）。"
    en = "The merchant has as many branches as there can be ({limit})."


class RegionNotCertified(Invalid):
    code = "REGION_NOT_CERTIFIED"
    zh = "{region} 不在商家认证的地区内。"
    en = "{region} does not lie in the regions that the merchant was certified for."


class BranchNotFound(NotFound):
    code = "BRANCH_NOT_FOUND"
    zh = "没有这个门店。"
    en = "The merchant has no such branch."


class AlreadyOwner(Conflict):
    code = "ALREADY_OWNER"
    zh = "您是这个商家的所有者，无需加入。"
    en = "You own this merchant already."


class LastOwner(Conflict):
    code = "LAST_OWNER"
    zh = "商家至少要有一位所有者。"
    en = "The last owner of a merchant cannot leave."


class StaffFull(Conflict):
    code = "STAFF_FULL"
    zh = "商家的员工已达上限（{limit} 人）。"
    en = "The merchant has as many staff as there can be ({limit})."


class RoomForStaff(DomainError):
    """The condition of a new member of the staff: the merchant exists and has room, and the member never decided about it."""

    def found(self, item: dict[str, Any] | None) -> DomainError:
        if item is None:
            return MerchantNotFound()
        if self.details["member_id"] in item.get("deciders", ()):
            return DeciderMayNotJoin()
        return StaffFull(limit=self.details["limit"])
