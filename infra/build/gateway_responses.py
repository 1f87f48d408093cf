"""What API Gateway answers by itself: no token, no such path, too often, no function that answers.

It cannot choose a language, for its templates know no conditions: Chinese, with the header that says so.
"""

import json
from typing import Any, NamedTuple


class _Answer(NamedTuple):
    status: int
    code: str
    title: str
    detail: str
    retry_after: int = 0  # seconds; 0: no such header


_BUSY = _Answer(503, "UNAVAILABLE", "服务繁忙", "服务繁忙，请稍后用同一个幂等键重试。", 1)
_WRONG = "请求不符合接口定义"
_ANSWERS = {
    "UNAUTHORIZED": _Answer(401, "UNAUTHENTICATED", "未登录", "请先登录。"),
    "ACCESS_DENIED": _Answer(403, "FORBIDDEN", "没有权限", "您没有执行此操作的权限。"),
    "MISSING_AUTHENTICATION_TOKEN": _Answer(404, "NOT_FOUND", "没有找到", "没有这个接口，请核对方法和路径。"),
    "BAD_REQUEST_BODY": _Answer(400, "INVALID_REQUEST", _WRONG, "请求内容不符合接口定义。"),
    "BAD_REQUEST_PARAMETERS": _Answer(400, "INVALID_REQUEST", _WRONG, "请求参数不符合接口定义。"),
    "REQUEST_TOO_LARGE": _Answer(413, "BODY_TOO_LARGE", "请求过大", "请求不能超过 256 KB。"),
    "UNSUPPORTED_MEDIA_TYPE": _Answer(
        415, "UNSUPPORTED_MEDIA_TYPE", "不支持的内容类型", "请使用 application/json。"
    ),
    "THROTTLED": _Answer(429, "TOO_MANY_REQUESTS", "请求太频繁", "请求太频繁，请稍后重试。", 1),
    "QUOTA_EXCEEDED": _Answer(429, "QUOTA_EXCEEDED", "超出配额", "今天的调用次数已用完。", 3600),
    "DEFAULT_5XX": _BUSY,
    "AUTHORIZER_FAILURE": _BUSY,
    "AUTHORIZER_CONFIGURATION_ERROR": _BUSY,  # the role may not call the authoriser
    "INTEGRATION_FAILURE": _BUSY,
    "INTEGRATION_TIMEOUT": _BUSY,
    "API_CONFIGURATION_ERROR": _BUSY,  # the role may not call the function, or there is none
}


def document() -> dict[str, Any]:
    """The value of ``x-amazon-apigateway-gateway-responses``."""
    return {kind: _response(answer) for kind, answer in _ANSWERS.items()}


def _response(answer: _Answer) -> dict[str, Any]:
    headers = {"Content-Type": "application/problem+json", "Content-Language": "zh-CN"}
    if answer.retry_after:
        headers["Retry-After"] = str(answer.retry_after)
    problem = {
        "type": "about:blank",
        "title": answer.title,
        "status": answer.status,
        "detail": answer.detail,
        "code": answer.code,
        "request_id": "$context.requestId",
    }
    return {
        "statusCode": answer.status,
        "responseParameters": {
            f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()
        },
        "responseTemplates": {"application/json": json.dumps(problem, separators=(",", ":"))},
    }
