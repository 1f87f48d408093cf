"""The body of a request: bytes of UTF-8 that say one thing, or a refusal."""

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

from puhui.edge.validation import ContractError
from puhui.kernel import documents
from puhui.kernel.errors import DomainError

BODY_BYTES_MAX = 256 * 1024
_LOST = "\ufffd"  # what a gateway puts where bytes were no UTF-8: it hands on text, never the bytes


class BodyTooLarge(DomainError):
    code = "BODY_TOO_LARGE"
    status = 413
    zh = "请求体超过 256 KB。图片请用 POST /evidence 得到的地址上传。"
    en = "The body is over 256 KB. Upload pictures to the address that POST /evidence gives."


class UnsupportedMediaType(DomainError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    zh = "请以 application/json、UTF-8 编码发送请求体。"
    en = "Send the body as application/json in UTF-8."


def sent(event: Mapping[str, Any]) -> bytes:
    """The bytes of API Gateway's event. Raises BodyTooLarge."""
    text = event.get("body") or ""
    raw = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(errors="surrogatepass")
    if len(raw) > BODY_BYTES_MAX:
        raise BodyTooLarge
    return raw


def kind_of(content_type: str) -> str:
    """The type without its parameters."""
    return content_type.lower().partition(";")[0].strip()


def parsed(raw: bytes, content_type: str, others: Collection[str] = ()) -> Any:
    """The JSON in ``raw``. Raises UnsupportedMediaType for another type (than JSON and ``others``) or charset than UTF-8's,
    ContractError for what is not UTF-8, no JSON, or has a member twice: of two readers each would believe its own."""
    kind, *parameters = content_type.lower().split(";")
    if kind.strip() not in ("application/json", *others) or not all(map(_is_utf8, parameters)):
        raise UnsupportedMediaType
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _LOST
    if _LOST in text:
        raise ContractError([("", "is not UTF-8")], [("", "不是 UTF-8 编码")])
    try:
        return json.loads(text, object_pairs_hook=documents.once, parse_constant=_refuse)
    except documents.MemberTwice:
        raise ContractError([("", "has a member twice")], [("", "有重复的字段")]) from None
    except (ValueError, RecursionError):
        raise not_json() from None


def not_json() -> ContractError:
    """What is answered to a body that is no JSON, or is nested too deeply to be one of ours."""
    return ContractError([("", "is not JSON")], [("", "不是 JSON")])


def _is_utf8(parameter: str) -> bool:
    name, _, value = parameter.strip().partition("=")
    return name.strip() != "charset" or value.strip().strip('"') in ("utf-8", "utf8")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
