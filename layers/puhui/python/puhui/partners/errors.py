"""What can go wrong between us and a partner's server.

PartnerNotFound      404
PartnerIdTaken       409
SecretEnded          409  an earlier request made a secret that lives no more
PartnerInvalid       422  what an operator handed in breaks a rule
ItemUnknown          422  the partner has told what it gives, and this is not among it
AnswerInvalid        422  a signed answer that says nothing we can read
SignatureInvalid     401
PartnerUnavailable   503  no answer that can be read: ask again under the same order id
"""

from puhui.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated, Unavailable


class PartnerNotFound(NotFound):
    code = "PARTNER_NOT_FOUND"
    zh = "没有这个合作方。"
    en = "There is no such partner."


class PartnerIdTaken(Conflict):
    code = "PARTNER_ID_TAKEN"
    zh = "这个编号属于项目 {programme_id} 的合作方，请换一个编号。"
    en = "This id belongs to a partner of {programme_id}. Choose another one."


class SecretEnded(Conflict):
    code = "PARTNER_SECRET_ENDED"
    zh = "这个幂等键当时生成的密钥已失效。如需新密钥，请换一个新的键。"
    en = "The secret that this idempotency key stands for lives no more. For a new one use a new key."


class PartnerInvalid(Invalid):
    code = "PARTNER_INVALID"
    zh = "合作方的 {field} 不符合规则：{rule}。"
    en = "The partner's {field} breaks a rule: {rule}."


class ItemUnknown(Invalid):
    code = "PARTNER_ITEM_UNKNOWN"
    zh = "合作方 {partner_id} 没有编号为 {item} 的商品。"
    en = "The partner {partner_id} gives nothing of the name {item}."


class AnswerInvalid(Invalid):
    code = "PARTNER_ANSWER_INVALID"
    zh = "订单的答复不符合约定：{field}。"
    en = "The answer to the order is not as agreed: {field}."


class SignatureInvalid(Unauthenticated):
    """It does not say which check failed: whoever has no secret learns nothing."""

    code = "SIGNATURE_INVALID"
    zh = "签名、时间或编号不正确。"
    en = "The signature, its time or its id is not right."


class PartnerUnavailable(Unavailable):
    """``reason`` is for our logs: what came instead of an answer, never the answer itself."""

    code = "PARTNER_UNAVAILABLE"
    zh = "合作方暂时没有答复，请稍后重试。"
    en = "The partner does not answer at the moment. Try again shortly."
