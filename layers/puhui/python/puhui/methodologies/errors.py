"""What cannot be quantified, and why.

QuantityInvalid         422  names the field: missing, unknown, no integer, out of bounds
FactorUnavailable       422  no published factor for this programme's profile, region and day
MethodologyMismatch     422  the behaviour is counted by another methodology
MethodologyNotFound     404
"""

from typing import Any

from puhui.kernel.errors import Invalid, NotFound

_FIELD_SHOWN_MAX = 64


class QuantityInvalid(Invalid):
    """``field`` is the quantity's name; ``reason_zh`` and ``reason_en`` say what is wrong with it."""

    code = "QUANTITY_INVALID"
    zh = "数量 {field} {reason_zh}。"
    en = "The quantity {field} {reason_en}."

    @property
    def field(self) -> str:
        """The quantity that is wrong."""
        return str(self.details["field"])


def missing(field: str) -> QuantityInvalid:
    """The act needs this quantity."""
    return QuantityInvalid(field=field, reason_zh="必填", reason_en="is required")


def unknown(field: Any, known: str) -> QuantityInvalid:
    """The act does not take this quantity."""
    return QuantityInvalid(
        field=str(field)[:_FIELD_SHOWN_MAX],
        reason_zh=f"不适用于这种行为，请填写 {known}",
        reason_en=f"does not belong to this behaviour, which takes {known}",
    )


def no_integer(field: str) -> QuantityInvalid:
    """Text, a decimal or a truth value stands where an integer belongs."""
    return QuantityInvalid(field=field, reason_zh="必须是整数", reason_en="must be an integer")


def out_of_bounds(field: str, least: int, most: int) -> QuantityInvalid:
    """Below what makes an act, or beyond what one act can be."""
    return QuantityInvalid(
        field=field,
        reason_zh=f"必须在 {least} 到 {most} 之间",
        reason_en=f"must be between {least} and {most}",
    )


class FactorUnavailable(Invalid):
    code = "FACTOR_UNAVAILABLE"
    zh = "{region} 在 {day} 没有可用的因子（{factor}）。"
    en = "There is no factor ({factor}) for {region} on {day}."


class MethodologyNotFound(NotFound):
    code = "METHODOLOGY_NOT_FOUND"
    zh = "没有这个方法学或这个版本。"
    en = "There is no such methodology, or not in this version."


class MethodologyMismatch(Invalid):
    code = "METHODOLOGY_MISMATCH"
    zh = "这种行为按方法学 {methodology_id} 计算。"
    en = "This behaviour is counted by the methodology {methodology_id}."
