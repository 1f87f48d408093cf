"""What can go wrong with a data partner's webhook."""

from puhui.kernel.errors import Invalid, NotFound


class WebhookNotFound(NotFound):
    code = "WEBHOOK_NOT_FOUND"
    zh = "这个数据合作方还没有登记接收地址。"
    en = "No webhook is registered for this data partner."


class SpanInvalid(Invalid):
    code = "SPAN_INVALID"
    zh = "to 须晚于 from，并且 from 在 {days} 天以内。"
    en = "to comes after from, and from is within the last {days} days."
