"""What can go wrong with a data partner, its signature or a binding.

DataPartnerNotFound       404
BindingNotFound           404
DataPartnerKeyNotFound    404
NothingProposed           409  there is nothing to activate
DataPartnerChanged        409  the proposal is not the one that was read
AccountBoundElsewhere     409  the partner's account is bound to another member
BindingExists             409  the member is bound to another account of this partner
PublicKeyInvalid          422
BindingCodeInvalid        422  unknown, used, or too old
BindingStateInvalid       422  the redirect was started by another member, for another partner, or too long ago
RedirectUnknown           422  the partner has no page to go to
DataPartnerSuspended      403
one error for each way in which a signature fails: 401
"""

from puhui.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class DataPartnerNotFound(NotFound):
    code = "DATA_PARTNER_NOT_FOUND"
    zh = "没有这个数据合作方。"
    en = "There is no such data partner."


class BindingNotFound(NotFound):
    code = "BINDING_NOT_FOUND"
    zh = "您没有绑定这个合作方。"
    en = "You are not bound to this partner."


class DataPartnerKeyNotFound(NotFound):
    code = "DATA_PARTNER_KEY_NOT_FOUND"
    zh = "这个合作方没有这把公钥。"
    en = "The partner has no such key."


class NothingProposed(Conflict):
    code = "NOTHING_PROPOSED"
    zh = "没有等待启用的内容。"
    en = "Nothing waits to be activated."


class DataPartnerChanged(Conflict):
    code = "DATA_PARTNER_CHANGED"
    zh = "内容与您读到的不一致，请重新读取后再启用。"
    en = "It is not what you have read any more. Read it again, then activate it."


class AccountBoundElsewhere(Conflict):
    code = "ACCOUNT_BOUND_ELSEWHERE"
    zh = "合作方的这个账户已绑定另一位用户，须由对方先解除绑定。"
    en = "This account of the partner is bound to another member, who has to unbind it first."


class BindingExists(Conflict):
    code = "BINDING_EXISTS"
    zh = "您已绑定这个合作方的另一个账户，请先解除绑定。"
    en = "You are bound to another account of this partner. Unbind it first."


class PublicKeyInvalid(Invalid):
    code = "PUBLIC_KEY_INVALID"
    zh = "公钥须为 Ed25519 的 JWK（kty OKP、crv Ed25519、x 为 32 字节的 base64url），且不能是弱密钥。"
    en = "A public key is an Ed25519 JWK (kty OKP, crv Ed25519, x: base64url of 32 bytes) and no weak one."


class BindingCodeInvalid(Invalid):
    code = "BINDING_CODE_INVALID"
    zh = "绑定码不正确、已使用或已过期，请在合作方处重新获取。"
    en = "The code is wrong, used or too old. Get a new one from the partner."


class BindingStateInvalid(Invalid):
    code = "BINDING_STATE_INVALID"
    zh = "这次跳转不是由您发起，或已过期，请重新发起绑定。"
    en = "You did not start this redirect, or it is too old. Start the binding again."


class RedirectUnknown(Invalid):
    code = "REDIRECT_UNKNOWN"
    zh = "这个合作方没有授权页面，请用绑定码绑定。"
    en = "This partner has no page to go to. Bind with a code."


class DataPartnerSuspended(Forbidden):
    code = "DATA_PARTNER_SUSPENDED"
    zh = "该数据合作方尚未启用或已暂停，请联系运营方。"
    en = "This data partner is not active, or suspended. Speak with the operator."


class SignatureMissing(Unauthenticated):
    code = "SIGNATURE_MISSING"
    zh = "请求没有标签为 puhui-ingest 的签名：请按 RFC 9421 发送 Signature-Input 和 Signature。"
    en = "The request has no signature with the tag puhui-ingest. Send Signature-Input and Signature as RFC 9421 says."


class SignatureMalformed(Unauthenticated):
    code = "SIGNATURE_MALFORMED"
    zh = "签名头无法读取：需要 created、expires、keyid、nonce（8 至 128 个字符）和 tag，每个签名各一个。"
    en = "The signature's headers cannot be read. It has created, expires, keyid, nonce (8 to 128 characters) and tag, once."


class SignatureComponentsWrong(Unauthenticated):
    code = "SIGNATURE_COMPONENTS"
    zh = "签名须覆盖：{components}，每项一次且不带参数。"
    en = "The signature has to cover {components}, each once and without parameters."


class SignatureTimeWrong(Unauthenticated):
    code = "SIGNATURE_TIME"
    zh = "created 与服务器时间相差超过 5 分钟，或 expires 不在其后 10 分钟以内，请校准时钟并重新签名。"
    en = "created is over five minutes away from our clock, or expires not within ten minutes after it. Set the clock, sign anew."


class SignatureExpired(Unauthenticated):
    code = "SIGNATURE_EXPIRED"
    zh = "签名已过期，请重新签名。"
    en = "The signature has expired. Sign anew."


class SignatureKeyUnknown(Unauthenticated):
    code = "SIGNATURE_KEY_UNKNOWN"
    zh = "没有这个 keyid 的有效公钥。"
    en = "No living key has this keyid."


class SignatureReplayed(Unauthenticated):
    code = "SIGNATURE_REPLAYED"
    zh = "这个 nonce 已经用过，请换一个并重新签名。"
    en = "This nonce was used before. Take another one and sign anew."


class BodyDigestWrong(Unauthenticated):
    code = "CONTENT_DIGEST_WRONG"
    zh = "Content-Digest 缺失，或与请求体不符（需要 sha-256）。"
    en = "Content-Digest is missing, or is not the body's (sha-256)."


class SignatureWrong(Unauthenticated):
    code = "SIGNATURE_WRONG"
    zh = "签名与请求不符。"
    en = "The signature is not that of this request and key."
