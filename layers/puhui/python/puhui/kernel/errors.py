"""The error tree: what can go wrong, with a stable code, an HTTP status and a sentence in two languages.

    DomainError
    ├── Invalid               422  the request is well-formed but breaks a rule
    │   └── IdempotencyKeyReused
    ├── Unauthenticated       401
    ├── Forbidden             403
    ├── NotFound              404  also: it is somebody else's
    ├── Conflict              409
    ├── TooManyRequests       429
    └── Unavailable           503  try again later

A context subclasses these in its ``errors.py``; the edge maps them to problem answers in one place.
"""

from typing import Any, ClassVar

from puhui.kernel import languages


class DomainError(Exception):
    """Something a caller can act upon. ``zh`` and ``en`` are templates over the keyword arguments
    (``languages.sentence``)."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    zh: ClassVar[str] = "服务出错了，请稍后重试。"
    en: ClassVar[str] = "Something went wrong on our side. Try again later."

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.code)

    def text(self, language: str) -> str:
        """The sentence for a person who reads ``language`` ("zh-CN" or "en")."""
        chosen = languages.of(language)
        template = self.en if chosen == languages.ENGLISH else self.zh
        return languages.sentence(template, self.details, chosen)

    def found(self, item: dict[str, Any] | None) -> "DomainError":  # noqa: ARG002 for those who override it
        """The error to raise when a write's condition failed and ``item`` is what was there instead.

        Contexts override it where the item decides which error it is.
        """
        return self


class Invalid(DomainError):
    code = "INVALID"
    status = 422
    zh = "请求的内容不符合规则，请检查后重试。"
    en = "The request breaks a rule. Check it and try again."


class IdempotencyKeyReused(Invalid):
    code = "IDEMPOTENCY_KEY_REUSED"
    zh = "这个幂等键已用于另一个请求，请换一个新的键。"
    en = "This idempotency key was used for another request. Use a new key."


class Unauthenticated(DomainError):
    code = "UNAUTHENTICATED"
    status = 401
    zh = "请先登录。"
    en = "Sign in first."


class Forbidden(DomainError):
    code = "FORBIDDEN"
    status = 403
    zh = "您没有执行此操作的权限。"
    en = "Your roles do not allow this."


class NotFound(DomainError):
    code = "NOT_FOUND"
    status = 404
    zh = "没有找到。"
    en = "There is no such thing, or it is not yours."


class Conflict(DomainError):
    code = "CONFLICT"
    status = 409
    zh = "请求与当前状态冲突，请刷新后重试。"
    en = "The request conflicts with the present state. Refresh and try again."


class TooManyRequests(DomainError):
    """``retry_after`` (seconds) becomes the header of that name."""

    code = "TOO_MANY_REQUESTS"
    status = 429
    zh = "请求太频繁，请稍后重试。"
    en = "Too many requests. Wait a moment and try again."


class QuotaExceeded(TooManyRequests):
    """Answered by the gateway alone."""

    code = "QUOTA_EXCEEDED"
    zh = "今天的调用次数已用完，请明天再试。"
    en = "The day's quota is used up. Try again tomorrow."


class Unavailable(DomainError):
    code = "UNAVAILABLE"
    status = 503
    zh = "服务繁忙，请稍后用同一个幂等键重试。"
    en = "The service is busy. Try again shortly with the same idempotency key."
