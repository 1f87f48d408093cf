"""What WeChat can refuse, as the errors that our own clients see.

An errcode becomes one of a handful of families; the code itself and WeChat's request id are kept in ``details``
so that support can ask WeChat about them. No error carries an openid, a token, a key or an address.
"""

from puhui.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)

TOKEN_REFUSED = frozenset({40001, 40014, 42001})
PASSES_LATER = frozenset({-1, 45009})
MINUTE_QUOTA = 45009
CONTENT_REFUSED = frozenset({87014})


class CodeInvalid(Unauthenticated):
    code = "WX_CODE_INVALID"
    zh = "微信登录凭证无效、已过期或已使用，请重新调用 wx.login。"
    en = "The wx.login code is wrong, too old or already used. Call wx.login again."


class RiskBlocked(Forbidden):
    code = "WX_RISK_BLOCKED"
    zh = "微信判定该账号存在较高风险，暂时不能登录。请联系微信客服。"
    en = "WeChat considers this account high-risk and does not let it sign in. Contact WeChat's support."


class SessionStale(Conflict):
    code = "WX_SESSION_STALE"
    zh = "微信会话已失效，请重新调用 wx.login 登录，再重新获取数据并提交。"
    en = "The WeChat session is stale. Call wx.login, sign in, get the data anew and send it again."


class DataOld(Conflict):
    code = "WX_DATA_OLD"
    zh = "微信数据的水印已超过十分钟，请重新获取数据后立即提交，不必重新登录。"
    en = "The watermark of this WeChat data is more than ten minutes off. Get the data anew and send it at once."


class DataMalformed(Invalid):
    """It was opened with the member's session key; ``detail_zh`` and ``detail_en`` say what WeChat would not write."""

    code = "WX_DATA_MALFORMED"
    zh = "微信数据已解密，但内容不符：{detail_zh}。请检查小程序的 appid 和数据来源。"
    en = "The WeChat data was opened, but {detail_en}. Check the mini-program's appid and where the data came from."


class LoginTooFrequent(TooManyRequests):
    code = "WX_TOO_FREQUENT"
    zh = "登录太频繁，请一分钟后再试。"
    en = "Too many sign-ins. Try again in a minute."


class UserAway(Conflict):
    code = "WX_USER_AWAY"
    zh = "用户两小时内没有打开过小程序，请打开后重试。"
    en = "The user has not opened the mini-program in the last two hours. Open it and try again."


class SubscriptionRefused(Conflict):
    code = "WX_SUBSCRIPTION_REFUSED"
    zh = "用户没有同意接收这条订阅消息，请用 wx.requestSubscribeMessage 再次征得同意。"
    en = "The user has not accepted this message. Ask again with wx.requestSubscribeMessage."


class ContentRisky(Invalid):
    code = "WX_CONTENT_RISKY"
    zh = "内容未通过微信内容安全检测，请修改后重试。"
    en = "WeChat's content check refuses this content. Change it and try again."


class WeChatBusy(Unavailable):
    code = "WX_BUSY"
    zh = "微信服务繁忙，请稍后重试。"
    en = "WeChat is busy. Try again shortly."


class WeChatMisconfigured(Unavailable):
    code = "WX_MISCONFIGURED"
    zh = "服务的微信配置有误，我们正在处理，请稍后重试。"
    en = "The service's WeChat settings are wrong. We are on it; try again later."


class WeChatRefused(Unavailable):
    """A request of ours breaks WeChat's rules: a defect on our side that no repetition mends."""

    code = "WX_REQUEST_REFUSED"
    zh = "微信拒绝了服务发出的请求，我们正在处理，请稍后重试。"
    en = "WeChat refuses a request of this service. We are on it; try again later."


class PushRefused(Forbidden):
    code = "WX_PUSH_REFUSED"
    zh = "推送的签名、时间或应用不符，请检查公众平台的消息推送配置。"
    en = "The push's signature, time or app is not right. Check the message push settings of the platform."


class PushUnreadable(DomainError):
    code = "WX_PUSH_UNREADABLE"
    status = 400
    zh = "无法读取推送的内容。"
    en = "The push cannot be read."


_FAMILIES: dict[type[DomainError], tuple[int, ...]] = {
    CodeInvalid: (40029, 40163, 41008),
    RiskBlocked: (40226,),
    SessionStale: (41003, 87009),
    LoginTooFrequent: (45011,),
    UserAway: (61010,),
    SubscriptionRefused: (43101,),
    ContentRisky: tuple(CONTENT_REFUSED),
    WeChatBusy: (-1, 45009),
    WeChatMisconfigured: (40001, 40002, 40013, 40014, 40125, 40164, 41001, 41002, 41004, 42001, 48001, 61024),
}
_BY_ERRCODE = {errcode: family for family, codes in _FAMILIES.items() for errcode in codes}


def of(errcode: int, rid: str = "") -> DomainError:
    """The error of an ``errcode``; ``rid`` is WeChat's own request id. Unlisted codes are
    WeChatRefused."""
    family = _BY_ERRCODE.get(errcode, WeChatRefused)
    details: dict[str, object] = {"errcode": errcode, "rid": rid}
    if errcode in (MINUTE_QUOTA, 45011):
        details["retry_after"] = 60
    elif family is WeChatBusy:
        details["retry_after"] = 2
    return family(**details)
