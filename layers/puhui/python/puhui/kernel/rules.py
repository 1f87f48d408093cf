"""What the rules of a JSON Schema say to whoever broke one, in both languages: of request bodies and of documents alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from puhui.kernel.words import Text

NAME_SHOWN_MAX = 64

_SENTENCES: Mapping[str, Text] = {
    "type": {"zh-CN": "类型必须是 {}", "en": "must be {}"},
    "enum": {"zh-CN": "必须是其中之一：{}", "en": "must be one of {}"},
    "minLength": {"zh-CN": "至少 {} 个字符", "en": "must have at least {} characters"},
    "maxLength": {"zh-CN": "最多 {} 个字符", "en": "must have at most {} characters"},
    "pattern": {"zh-CN": "格式不正确{}", "en": "does not have the expected form{}"},
    "format": {"zh-CN": "不是有效的 {}", "en": "is not a valid {}"},
    "text": {
        "zh-CN": "须有可见的内容，且不含控制字符、不可见字符或改变书写方向的字符",
        "en": "must have something to read, and no control, invisible or direction-changing characters",
    },
    "minimum": {"zh-CN": "不能小于 {}", "en": "must be at least {}"},
    "maximum": {"zh-CN": "不能大于 {}", "en": "must be at most {}"},
    "minItems": {"zh-CN": "至少 {} 项", "en": "must have at least {} items"},
    "maxItems": {"zh-CN": "最多 {} 项", "en": "must have at most {} items"},
    "uniqueItems": {"zh-CN": "不能有重复的项", "en": "must not repeat an item"},
    "minProperties": {"zh-CN": "至少 {} 个字段", "en": "must have at least {} members"},
    "maxProperties": {"zh-CN": "最多 {} 个字段", "en": "must have at most {} members"},
    "required": {"zh-CN": "必填", "en": "is required"},
    "additionalProperties": {"zh-CN": "这里没有这个字段", "en": "is not known here"},
}


def sentence(rule: str, limit: Any = None) -> Text | None:
    """What a rule with this limit asks for; None for one that the house has no words for."""
    template = _SENTENCES.get(rule)
    if template is None:
        return None
    shown = ", ".join(map(str, limit)) if isinstance(limit, list) else "" if limit is None else limit
    return {language: text.format(shown) for language, text in template.items()}


def members(rule: str, limit: Iterable[str], value: Mapping[str, Any]) -> list[str]:
    """The members that the fault is about: those of ``limit`` that are missing, or those that are not among them. A name that a
    caller made up is quoted back: shortened, and safe to encode."""
    if rule == "required":
        return sorted(set(limit) - value.keys())
    if rule == "additionalProperties":
        return sorted(
            name[:NAME_SHOWN_MAX].encode(errors="replace").decode() for name in value.keys() - set(limit)
        )
    return []
