"""HTTP functions: one Chalice app each, its requests checked against the contract, its errors mapped to problems.

``HttpFunction`` is the Lambda handler. A view gets a ``Request`` whose body, path and query have passed the operation's
validator, and returns a dict (200) or ``(status, dict | str | None)``, whose texts are put into the reader's language
(``kernel.languages``). DomainErrors become the problem answers of
RFC 9457 with our stable ``code``; anything unexpected becomes a 500 that names only the request.
"""

import hashlib
import importlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from types import ModuleType
from typing import Any, ClassVar, NamedTuple
from urllib.parse import quote, urlencode

from chalice.app import Chalice, Response

from puhui.edge import bodies, log
from puhui.edge.accept_language import preferred
from puhui.edge.validation import ContractError, tidied
from puhui.kernel import clock, languages
from puhui.kernel.errors import DomainError, Forbidden, Unauthenticated
from puhui.kernel.scopes import EVERYWHERE, Scope, scope_of

TITLES = {  # of problems in Chinese; in English a code is its own title
    400: "请求不符合接口约定",
    401: "未登录",
    403: "没有权限",
    404: "没有找到",
    405: "不支持的方法",
    409: "与当前状态冲突",
    413: "请求过大",
    415: "不支持的内容类型",
    422: "不符合规则",
    429: "请求太频繁",
    503: "服务繁忙",
}
Answer = dict[str, Any] | tuple[int, dict[str, Any] | str | None]
Headers = dict[str, str | list[str]]


class InvalidRequest(DomainError):
    """The request fails its schema; ``errors`` are (JSON pointer, detail) pairs."""

    code = "INVALID_REQUEST"
    status = 400
    zh = "请求不符合接口约定，请查看 errors 中指出的字段。"
    en = "The request does not fit the contract. See the fields named in errors."


class MethodNotAllowed(DomainError):
    """``allow``: the methods that the path has."""

    code = "METHOD_NOT_ALLOWED"
    status = 405
    zh = "此路径不支持该方法，可用的方法：{allow}。"
    en = "This path does not have that method. It has: {allow}."


class TokenExpired(Unauthenticated):
    code = "TOKEN_EXPIRED"
    zh = "登录已过期，请用 wx.login 重新登录或刷新令牌。"
    en = "The access token has expired. Refresh it or sign in again with wx.login."


class Text(str):
    """A text that is an answer of another content type than text/plain; all texts are UTF-8, and say so."""

    __slots__ = ("content_type",)
    content_type: str

    @classmethod
    def of(cls, content_type: str, text: str) -> "Text":
        """The text, sent as ``content_type`` in UTF-8."""
        made = cls(text)
        made.content_type = f"{content_type}; charset=utf-8"
        return made


class Sent(NamedTuple):
    """What a signature covers besides headers and body: ``path`` below the API's address, ``query`` without its question mark."""

    method: str
    path: str
    query: str


_UNSIGNED = Sent("", "", "")


@dataclass(frozen=True)
class Request:
    """One request, as a view sees it."""

    member_id: str
    roles: frozenset[str]
    org: str
    session_id: str
    token_expires_at: datetime | None
    body: dict[str, Any]
    path: dict[str, str]
    query: dict[str, Any]
    headers: dict[str, str]
    raw_body: bytes
    language: str
    now: datetime
    request_id: str
    address: str = ""
    sent: Sent = _UNSIGNED
    scope: Scope = EVERYWHERE  # where the role holds that the operation asks for

    @property
    def idempotency_key(self) -> str | None:
        """The client's own name for this request, if it gave one."""
        return self.headers.get("idempotency-key")

    @cached_property
    def body_hash(self) -> str:
        """SHA-256 of the body in canonical form: two bodies that mean the same hash the same."""
        canonical = json.dumps(self.body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


class HttpFunction(Chalice):
    """The Lambda handler of one use case's operations."""

    problem_type: ClassVar[str] = "about:blank"

    def __init__(self, name: str) -> None:
        super().__init__(app_name=name, configure_logs=False)

    def operation(
        self, operation_id: str, method: str, path: str
    ) -> Callable[[Callable[[Request], Answer]], Callable[[Request], Answer]]:
        """Serve the contract's ``operation_id`` with the decorated view."""
        contract = importlib.import_module(f"puhui.edge.contract.{operation_id}")

        def register(view: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
            def serve(**_: str) -> Response:
                assert self.current_request is not None  # noqa: S101 Chalice sets it before it calls a view
                return _serve(self.current_request.to_original_event(), contract, operation_id, view)

            self.route(path, methods=[method], name=operation_id, content_types=["*/*"])(serve)
            return view

        return register


def refusal(event: dict[str, Any], error: DomainError) -> dict[str, Any]:
    """What a function that serves no operation answers to API Gateway's ``event``."""
    language = preferred(_lower(event["headers"]).get("accept-language", ""))
    answer: dict[str, Any] = _problem(error, event["requestContext"].get("requestId", ""), language).to_dict()
    return answer


def _serve(
    event: dict[str, Any], contract: ModuleType, operation_id: str, view: Callable[[Request], Answer]
) -> Response:
    started = time.perf_counter()
    request_id = event["requestContext"].get("requestId", "")
    language = preferred(_lower(event["headers"]).get("accept-language", ""))
    code = None
    try:
        answer = view(_request(event, contract, request_id, language))
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        response = _response(status, body, request_id, language)
    except DomainError as error:
        code, response = error.code, _problem(error, request_id, language)
    except Exception as error:  # noqa: BLE001 the last resort: logged by type and place, without a detail
        log.line(level="ERROR", operation=operation_id, request_id=request_id, failure=log.failure(error))
        code, response = "INTERNAL", _problem(DomainError(), request_id, language)
    log.line(
        level="INFO" if response.status_code < 500 else "ERROR",
        operation=operation_id,
        request_id=request_id,
        status=response.status_code,
        code=code,
        ms=round((time.perf_counter() - started) * 1000, 1),
    )
    return response


def _request(event: dict[str, Any], contract: ModuleType, request_id: str, language: str) -> Request:
    now = clock.now()
    headers = _lower(event["headers"])
    context = event["requestContext"].get("authorizer") or {}
    if not contract.PUBLIC:
        _require_valid_token(context, now)
    roles = frozenset(filter(None, str(context.get("roles") or "").split(",")))
    scope = scope_of(roles, contract.ROLES) if contract.ROLES else EVERYWHERE
    if scope is None or not (scope.everywhere or contract.SCOPED):
        raise Forbidden
    raw = bodies.sent(event)
    try:
        return Request(
            member_id=str(context.get("member_id") or ""),
            roles=roles,
            org=str(context.get("org") or ""),
            session_id=str(context.get("sid") or ""),
            token_expires_at=datetime.fromtimestamp(int(context["exp"]), UTC) if "exp" in context else None,
            body=_body(raw, headers, contract),
            path=contract.path(event.get("pathParameters") or {}),
            query=contract.query(_query(event)),
            headers=contract.headers(headers),
            raw_body=raw,
            language=language,
            now=now,
            request_id=request_id,
            address=str((event["requestContext"].get("identity") or {}).get("sourceIp") or ""),
            sent=_sent(event),
            scope=scope,
        )
    except ContractError as error:
        raise InvalidRequest(errors=error.errors_in(language)) from None


def _require_valid_token(context: dict[str, Any], now: datetime) -> None:
    """API Gateway may keep the authoriser's answer for minutes longer than the token lives."""
    if not context.get("member_id"):
        raise Unauthenticated
    if int(context["exp"]) <= now.timestamp():
        raise TokenExpired


def _body(raw: bytes, headers: dict[str, str], contract: ModuleType) -> dict[str, Any]:
    if contract.body is None:
        return {}
    kind = headers.get("content-type", "application/json")
    parsed = bodies.parsed(raw, kind, contract.BODIES)
    other = contract.BODIES.get(bodies.kind_of(kind))
    try:
        if other:
            checked = other(parsed)
            return {"items": checked} if isinstance(checked, list) else dict(checked)
        body: dict[str, Any] = contract.body(tidied(parsed, contract.WRITTEN))
    except RecursionError:
        raise bodies.not_json() from None
    return body


def _query(event: dict[str, Any]) -> dict[str, str]:
    values = event.get("multiValueQueryStringParameters") or {}
    return {name: given[-1] for name, given in values.items()}


def _sent(event: dict[str, Any]) -> Sent:
    """The gateway hands on the query decoded: it is written again, as browsers would."""
    given = event.get("multiValueQueryStringParameters") or {}
    query = urlencode(given, doseq=True, quote_via=quote) if given else ""
    return Sent(event.get("httpMethod", ""), event.get("path", ""), query)


def _lower(headers: dict[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _response(
    status: int, body: dict[str, Any] | str | None, request_id: str, language: str = languages.CHINESE
) -> Response:
    headers: Headers = {"X-Request-Id": request_id, "Cache-Control": "no-store"}
    if body is None:
        return Response(body="", status_code=status, headers=headers)
    if isinstance(body, str):
        kind = body.content_type if isinstance(body, Text) else "text/plain; charset=utf-8"
        return Response(body=body, status_code=status, headers={**headers, "Content-Type": kind})
    text = json.dumps(languages.in_language(body, language), ensure_ascii=False, separators=(",", ":"))
    content = {"Content-Type": "application/json", "Content-Language": language}
    return Response(body=text, status_code=status, headers={**headers, **content})


def _title(error: DomainError, language: str) -> str:
    if language == languages.CHINESE:
        return TITLES.get(error.status, "服务出错")
    return error.code.replace("_", " ").capitalize()


def _problem(error: DomainError, request_id: str, language: str) -> Response:
    problem = {
        "type": HttpFunction.problem_type,
        "title": _title(error, language),
        "status": error.status,
        "detail": error.text(language),
        "code": error.code,
        "request_id": request_id,
    }
    if isinstance(error, InvalidRequest):
        problem["errors"] = [
            {"pointer": pointer, "detail": detail} for pointer, detail in error.details["errors"]
        ]
    elif "pointer" in error.details:
        fault = {name: error.details[name] for name in ("pointer", "detail")}
        problem["errors"] = [languages.in_language(fault, language)]
    headers: Headers = {
        "X-Request-Id": request_id,
        "Content-Type": "application/problem+json",
        "Content-Language": language,
    }
    for detail, header in (("retry_after", "Retry-After"), ("allow", "Allow")):
        if detail in error.details:
            headers[header] = str(error.details[detail])
    return Response(
        body=json.dumps(problem, ensure_ascii=False, separators=(",", ":")),
        status_code=error.status,
        headers=headers,
    )
